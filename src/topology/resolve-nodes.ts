// SPDX-License-Identifier: GPL-3.0-or-later
import { BugError } from '../core/errors.ts';
import type { InterfaceConfig, NodeConfig } from './node-config.ts';
import { endsAt, type Plan, type PlannedEnd } from './plan.ts';
import type { InterfaceSpec, NodeSpec } from './topology.ts';

type Configs = Readonly<Record<string, NodeConfig>>;

/** The name of an interface, by its number in the node. Pure. */
export function interfaceName(number: number): string {
  return `eth${number}`;
}

/** The nodes of a topology. Interfaces are numbered through all nodes for their MAC addresses. Pure. */
export function nodeSpecs(plan: Plan, configs: Configs): readonly NodeSpec[] {
  let count = 0;
  return plan.nodes.map((name) => {
    const config = Object.hasOwn(configs, name) ? configs[name] : undefined;
    const ends = endsAt(plan, name);
    const [first, ...others] = ends.map((end, number) =>
      interfaceSpec(end, number, count++, interfaceConfig(config, number, ends.length)),
    );
    if (!first) throw new BugError(`the node ${name} has no interface`);
    return { name, interfaces: [first, ...others], ...(config ? { config } : {}) };
  });
}

function interfaceSpec(end: PlannedEnd, number: number, index: number, config: InterfaceConfig): InterfaceSpec {
  const mac = end.mac?.toLowerCase() ?? `02:00:00:a1:${hexByte(index >> 8)}:${hexByte(index & 0xff)}`; // locally administered
  return { name: interfaceName(number), mac, ...(Object.keys(config).length > 0 ? { config } : {}) };
}

/** What an interface has: its own entry, or what the node says if that is its only one. Pure. */
export function interfaceConfig(config: NodeConfig | undefined, number: number, count: number): InterfaceConfig {
  const own = config?.interfaces?.[interfaceName(number)];
  return own ?? (config && count === 1 ? ownConfig(config) : {});
}

/** What a node says about its only interface. Pure. */
export function ownConfig(config: NodeConfig): InterfaceConfig {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !Object.hasOwn(keysOfNode, key)));
}

/** Keys of a node that are not those of its interface. */
const keysOfNode: Readonly<Record<Exclude<keyof NodeConfig, keyof InterfaceConfig>, true>> = {
  kind: true,
  interfaces: true,
  bond: true,
  sysctls: true,
  resolver: true,
  dhcp: true,
  dns: true,
  http: true,
  tftp: true,
  ntp: true,
  syslog: true,
  uplink: true,
};

/** A byte in two digits. Pure. */
export function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

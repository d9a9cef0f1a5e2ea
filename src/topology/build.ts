// SPDX-License-Identifier: GPL-3.0-or-later
import { BugError } from '../core/errors.ts';
import { captureFile } from './capture-file.ts';
import type { NodeConfig } from './node-config.ts';
import { pciPlaces } from './pci-places.ts';
import { endsAt, nicEnd, nicNumbers, type Connection, type Plan } from './plan.ts';
import type { NicsOfAppliance } from './raw-topology.ts';
import { hexByte, interfaceName, nodeSpecs } from './resolve-nodes.ts';
import type { DutSpec, EndSpec, NicSpec, Topology } from './topology.ts';

/**
 * Decides every address and identifier of a topology without mistakes. Pure.
 * @param applianceOf - that of a device, which may have MAC addresses for the NICs
 */
export function buildTopology(
  plan: Plan,
  nodes: Readonly<Record<string, NodeConfig>>,
  applianceOf: (dut: string) => NicsOfAppliance,
): Topology {
  const [first, ...others] = plan.duts.map((dut, index) => dutSpec(plan, dut, index, applianceOf(dut.name)));
  if (!first) throw new BugError('a topology has no device');
  return {
    duts: [first, ...others],
    nodes: nodeSpecs(plan, nodes),
    links: plan.connections.flatMap((connection) => {
      const [one, other] = endSpecs(plan, connection);
      return connection.kind === 'link' && one && other ? [{ name: connection.name, ends: [one, other] as const }] : [];
    }),
    segments: plan.connections.flatMap((connection) =>
      connection.kind === 'segment' ? [{ name: connection.name, ends: endSpecs(plan, connection) }] : [],
    ),
  };
}

function dutSpec(plan: Plan, dut: Plan['duts'][number], dutIndex: number, { nics }: NicsOfAppliance): DutSpec {
  const places = pciPlaces(nicNumbers(plan, dut.name).length);
  return {
    ...dut,
    nics: places.map((place, number): NicSpec => {
      const end = nicEnd(plan, dut.name, number);
      const mac = end?.mac ?? nics?.[number]?.mac;
      const connection = plan.connections.find(({ ends }) => ends.find(({ kind }) => kind === 'nic') === end);
      return {
        id: nicId(number),
        netdev: `net${number}`,
        // QEMU's prefix; the same in every testbed, because no testbed sees the links of another
        mac: mac?.toLowerCase() ?? `52:54:00:a1:${hexByte(dutIndex)}:${hexByte(number)}`,
        ...place,
        tap: `${dutIndex === 0 ? '' : `dut${dutIndex}`}tap${number}`,
        ...(connection ? { capture: { id: `capture${number}`, file: captureFile(connection.name) } } : {}),
      };
    }),
  };
}

function endSpecs(plan: Plan, { ends }: Connection): readonly EndSpec[] {
  return ends.map((end): EndSpec => {
    if (end.kind === 'nic') return { kind: 'nic', dut: end.dut, nic: nicId(end.number) };
    return { kind: 'interface', node: end.node, interface: interfaceName(endsAt(plan, end.node).indexOf(end)) };
  });
}

function nicId(number: number): string {
  return `nic${number}`;
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { asList } from '../core/list.ts';
import { step } from '../core/step.ts';
import {
  Dhcp,
  dhcpPlan,
  Dns,
  dnsPlan,
  Http,
  httpPlan,
  Ntp,
  ntpPlan,
  Syslog,
  syslogPlan,
  Tftp,
  tftpPlan,
  type App,
  type Node,
  type RunningServices,
  type ServicePlan,
} from '../network/index.ts';
import { dhcpRanges, type InterfaceConfig, type NodeConfig, type NodeSpec } from '../topology/index.ts';
import { asUsage } from './as-usage.ts';
import { restoredFrom, type CreationContext } from './creation.ts';

/**
 * Configures a node and starts its services as the configuration declares, before the virtual CPU runs.
 * @throws UsageError if the kernel refuses an address or a route, or a file is missing
 * @throws NodeServiceError if a service cannot start
 */
export async function prepareNode(context: CreationContext, spec: NodeSpec, node: Node, signal: AbortSignal): Promise<void> {
  const { config, interfaces } = spec;
  if (!config) return;
  await step('alpy.network', `Prepare ${node.name}`, async () => {
    for (const { name, config: own } of interfaces) if (own) await configure(node, name, own, signal);
    await node.prepare(config, { signal }).catch(asUsage(`topology.nodes.${node.name}.bond`, 'a bond'));
    node.services.add(await startAll(context, spec, config, node, signal));
  });
}

async function configure(node: Node, name: string, config: InterfaceConfig, signal: AbortSignal): Promise<void> {
  const where = `topology.nodes.${node.name}${node.interfaces.length === 1 ? '' : `.interfaces.${name}`}`;
  await node.interfaces
    .find((one) => one.name === name)
    ?.apply(config, { signal })
    .catch(asUsage(where, 'values'));
}

/** All at the same time, because most of the time the daemon creates containers. */
async function startAll(
  { started: { apps }, devices }: CreationContext,
  spec: NodeSpec,
  config: NodeConfig,
  node: Node,
  signal: AbortSignal,
): Promise<Partial<RunningServices>> {
  const start = (kind: string, plan: ServicePlan): Promise<App> =>
    apps.startService({ kind, where: `topology.nodes.${node.name}.${kind}`, node, plan, mayPortsBeTaken: false }, signal);
  const { dhcp, dns, http, tftp, ntp, syslog } = config;
  const leasesOfBoot = devices.flatMap((device) => restoredFrom(device)?.record.leases?.[node.name] ?? []);
  const running = await Promise.all([
    dhcp && startDhcp(spec, config, node, start, signal).then((app) => ({ dhcp: new Dhcp(app, leasesOfBoot) })),
    dns && start('dns', dnsPlan(dns)).then((app) => ({ dns: new Dns(app) })),
    http && start('http', httpPlan(http)).then((app) => ({ http: new Http(app) })),
    tftp && start('tftp', tftpPlan(tftp)).then((app) => ({ tftp: new Tftp(app) })),
    ntp && start('ntp', ntpPlan(ntp)).then((app) => ({ ntp: new Ntp(app) })),
    syslog && start('syslog', syslogPlan(syslog)).then((app) => ({ syslog: new Syslog(app) })),
  ]);
  return Object.assign({}, ...running.filter((one) => one !== undefined)) as Partial<RunningServices>;
}

async function startDhcp(
  { interfaces }: NodeSpec,
  { dhcp = {}, dns }: NodeConfig,
  node: Node,
  start: (kind: string, plan: ServicePlan) => Promise<App>,
  signal: AbortSignal,
): Promise<App> {
  const addresses = interfaces.flatMap(({ config }) => asList(config?.address));
  if (dhcpRanges(addresses, dhcp).some(({ family }) => family === 6)) await node.addLinkAddress({ signal });
  return await start('dhcp', dhcpPlan(addresses, dhcp, dns !== undefined));
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Appliance, CreatedTestbed } from '../../src/testbed/index.ts';
import { resolveTopology, type LongTopology, type RawLink, type Topology } from '../../src/topology/index.ts';
import { rabbit } from '../../test/support/testbeds.ts';
import type { Context } from '../context.ts';
import { timed } from '../figure.ts';

/** Names of the figures. */
export const severalDevices = {
  one: 'one device between two nodes, restored: start to first ping through it',
  two: 'two devices with a cable between two nodes, restored: start to first ping through both',
  ring: 'ring of 8 devices with 8 nodes, restored: all reach each other',
  spread: 'ring of 8 devices: first to last start of a virtual CPU',
} as const;

const ringSize = 8;

/** Routers in a row, or in a ring: router `n` has the network `10.0.n.0/24` on eth0, and the cables to its neighbours. */
interface Layout {
  readonly appliances: readonly Appliance[];
  readonly topology: Topology;
}

const node = (number: number): { readonly address: string; readonly gateway: string } => ({
  address: `10.0.${number}.2/24`,
  gateway: `10.0.${number}.1`,
});

const up = (device: string, address: string): string =>
  `ip address replace ${address}/24 dev ${device} && ip link set ${device} up`;
const forward = 'sysctl -q -w net.ipv4.ip_forward=1';

function oneDevice(): Layout {
  const router = rabbit({ provision: [up('eth0', '10.0.0.1'), up('eth1', '10.0.1.1'), forward] });
  const links: RawLink[] = [['node0', 'r0:0'], ['node1', 'r0:1']]; // prettier-ignore
  return { appliances: [router], topology: topologyOf([router], 2, links) };
}

function twoDevices(): Layout {
  const appliances = [0, 1].map((number) => {
    const [own, other] = [`10.1.0.${number + 1}`, `10.1.0.${2 - number}`];
    return rabbit({
      provision: [up('eth0', `10.0.${number}.1`), up('eth1', own), `ip route replace default via ${other}`, forward],
    });
  });
  return { appliances, topology: topologyOf(appliances, 2, [['node0', 'r0:0'], ['node1', 'r1:0'], ['r0:1', 'r1:1']]) }; // prettier-ignore
}

/** Every packet goes round the ring in the same direction. */
function ring(): Layout {
  const numbers = Array.from({ length: ringSize }, (_, number) => number);
  const appliances = numbers.map((number) => {
    const before = (number + ringSize - 1) % ringSize;
    const addresses = [up('eth0', `10.0.${number}.1`), up('eth1', `10.1.${number}.1`), up('eth2', `10.1.${before}.2`)];
    return rabbit({ provision: [...addresses, `ip route replace default via 10.1.${number}.2`, forward] });
  });
  const links = numbers.flatMap((number): RawLink[] => [
    [`node${number}`, `r${number}:0`],
    [`r${number}:1`, `r${(number + 1) % ringSize}:2`],
  ]);
  return { appliances, topology: topologyOf(appliances, ringSize, links) };
}

function topologyOf(appliances: readonly Appliance[], nodes: number, links: readonly RawLink[]): Topology {
  const topology: LongTopology = {
    duts: Object.fromEntries(appliances.map((_appliance, number) => [`r${number}`, 'rabbit'])),
    nodes: Object.fromEntries(Array.from({ length: nodes }, (_, number) => [`node${number}`, node(number)])),
    links,
  };
  return resolveTopology(topology);
}

/** Measures one and two devices, then a ring. The first time it creates the snapshots. @throws Error if a ping is not answered */
export async function severalDevicesUp(context: Context): Promise<void> {
  for (const [figure, layout] of [
    [severalDevices.one, oneDevice()],
    [severalDevices.two, twoDevices()],
  ] as const) {
    const { ms, result } = await timed(() => firstPing(context, layout));
    context.figures.add(figure, 'ms', ms);
    await result.close();
  }
  await ringUp(context, ring());
}

async function ringUp(context: Context, layout: Layout): Promise<void> {
  const starts: number[] = [];
  const { ms, result } = await timed(async () => {
    const testbed = await created(context, layout);
    for (const { qmp } of testbed.duts)
      qmp.onEvent(({ event, timeMs }) => {
        if (event === 'RESUME') starts.push(timeMs);
      });
    await testbed.boot();
    await Promise.all(testbed.nodes.map((one) => reachAll(one, testbed.nodes.length)));
    return testbed;
  });
  context.figures.add(severalDevices.ring, 'ms', ms);
  context.figures.add(severalDevices.spread, 'ms', Math.max(...starts) - Math.min(...starts));
  await result.close();
}

async function reachAll(from: CreatedTestbed['nodes'][number], count: number): Promise<void> {
  const pings = Array.from({ length: count }, (_, number) => `ping -n -c 1 -W 5 10.0.${number}.2 & pids="$pids $!"`);
  await from.run(`pids=; ${pings.join('\n')}\nfor pid in $pids; do wait $pid || exit 1; done`);
}

async function firstPing(context: Context, layout: Layout): Promise<CreatedTestbed> {
  const testbed = await created(context, layout);
  await testbed.boot();
  const report = await testbed.nodes[0]?.ping('10.0.1.2');
  if (!report || report.received === 0) throw new Error('no device forwarded the ping');
  return testbed;
}

/** A testbed that starts from snapshots. The first call makes them. */
async function created({ factory, directory }: Context, { appliances, topology }: Layout): Promise<CreatedTestbed> {
  const devices = [];
  for (const appliance of appliances) devices.push({ appliance, disk: await factory.inspectDisk(appliance) });
  return factory.create({ devices, topology, directory: await mkdtemp(join(directory, 'several-')), start: 'snapshot' });
}

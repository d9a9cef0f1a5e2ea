// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes of kind guest have a kernel of their own, and are otherwise nodes like others.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { ContainerDiedError, ExecError } from '../../src/docker/index.ts';
import { framesInPcap } from '../../src/doctor/links/encoding.ts';
import type { Node } from '../../src/network/index.ts';
import type { Testbed } from '../../src/testbed/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { rabbit, TestHost } from '../support/testbeds.ts';

/** For what a busy machine does later. */
const patience = { timeout: 30_000 };

let testHost: TestHost;
let testbed: Testbed;
let left: Node;
let right: Node;

beforeAll(async () => {
  testHost = await TestHost.open();
  const topology = resolveTopology({
    duts: { router: 'rabbit' },
    nodes: {
      left: {
        kind: 'guest',
        interfaces: { eth0: { address: '10.0.1.1/24' }, eth1: { vlans: [{ id: 5, address: '10.0.5.1/24' }] } },
      },
      right: { kind: 'guest', vlans: [{ id: 5, address: '10.0.5.2/24' }] },
    },
    links: [{ ends: ['left', 'router:1'], name: 'cable' }],
    segments: { lan: ['router:0', 'right', 'left'] },
  });
  testbed = await (await testHost.testbedWith([rabbit()], topology)).boot();
  await testbed.dut.shell.run('ip link set eth0 up && ip link set eth1 up'); // QEMU records what a NIC that is up receives
  left = testbed.nodes['left']!;
  right = testbed.nodes['right']!;
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

async function framesOn(link: string): Promise<readonly Buffer[]> {
  return framesInPcap(await readFile(testbed.links[link]!.capture.path));
}

/** The type and the VLAN of a frame with a tag of 802.1Q, such as `0806 in 5`; undefined for other frames. */
function tagOf(frame: Buffer): string | undefined {
  if (frame.readUInt16BE(12) !== 0x8100) return undefined;
  return `${frame.toString('hex', 16, 18)} in ${frame.readUInt16BE(14) & 0xfff}`;
}

test('two guests reach each other through a VLAN, whose tag is on the wire', async () => {
  // a ping ends early if a neighbour does not answer for three seconds, as a guest on a busy machine may
  const received = async (): Promise<number> => (await left.ping('10.0.5.2', { count: 3, timeoutMs: 30_000 })).received;
  await expect.poll(received, patience).toBe(3);
  const pings = async (): Promise<number> => (await framesOn('lan')).map(tagOf).filter((tag) => tag === '0800 in 5').length;
  await expect.poll(pings, patience).toBeGreaterThanOrEqual(6);
});

test('frames from a guest reach the device at the other end of a cable unchanged', async () => {
  await left.run('ping -c 1 -w 1 10.0.1.2', { check: false });
  const { mac } = left.interfaces['eth0']!;
  const [source, protocol] = [Buffer.from(mac.replaceAll(':', ''), 'hex'), Buffer.from('0806', 'hex')];
  const starts = async (): Promise<readonly string[]> => (await framesOn('cable')).map((frame) => frame.toString('hex', 6, 14));
  await expect.poll(starts, patience).toContain(Buffer.concat([source, protocol]).toString('hex'));
});

test.each([
  ['bonds', 'ip link add try type bond mode 802.3ad'],
  ['WireGuard', 'ip link add try type wireguard && wg genkey | wg set try private-key /dev/stdin'],
  ['VRFs', 'ip link add try type vrf table 10'],
  ['netem', 'ip link add try type dummy && tc qdisc add dev try root netem delay 10ms loss 1%'],
  ['nftables', 'ip link add try type dummy && nft add table inet try'],
])('a guest has %s', async (_, command) => {
  await right.run(`${command} && ip link delete try`);
});

test('bytes, variables and exit statuses pass between a program on a guest and the test', async () => {
  const input = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251));
  const environment = { GREETING: "it's me" };
  const { stdout } = await left.run('cksum; echo "$GREETING"', { input, environment });
  expect(stdout).toBe("2458292535 70000\nit's me\n");
  await expect(left.run(['sh', '-c', 'echo no >&2; exit 3'], { check: false })).resolves.toMatchObject({
    exitStatus: 3,
    stderr: 'no\n',
  });
});

test('commands on a guest run side by side', async () => {
  await left.run('mkfifo /tmp/first');
  const results = await Promise.all([left.run('read -r word </tmp/first; echo "$word"'), left.run('echo hello >/tmp/first')]);
  expect(results[0].stdout).toBe('hello\n');
});

test('a carrier goes off and on in the guest', async () => {
  const carrier = async (): Promise<string> => (await left.run('cat /sys/class/net/eth0/carrier')).stdout.trim();
  await left.interfaces['eth0']!.setCarrier(false);
  await expect.poll(carrier, patience).toBe('0');
  await left.interfaces['eth0']!.setCarrier(true);
  await expect.poll(carrier, patience).toBe('1');
});

test('a frame of 9000 bytes passes between guests', async () => {
  for (const node of [left, right]) await node.run(`ip link set eth${node === left ? 1 : 0} mtu 9000`);
  for (const node of [left, right]) await node.run(`ip link set eth${node === left ? 1 : 0}.5 mtu 9000`);
  await expect(left.ping('10.0.5.2', { sizeBytes: 8900, timeoutMs: 30_000 })).resolves.toMatchObject({ received: 1 });
});

test('an app beside a guest is an error that names the node', async () => {
  const started = testbed.apps.start({ node: left, command: ['true'] });
  await expect(started).rejects.toThrow(UsageError);
  await expect(started).rejects.toThrow('left: expected a node of kind container for an app');
});

test('a feature that the kernel of guests lacks is not the fault of the device', async () => {
  const failed = left.run('ip link add try type nothing');
  await expect(failed).rejects.toThrow(ExecError);
  await expect(failed).rejects.toMatchObject({ fault: 'usage' });
});

test('a guest whose kernel panics ends the testbed with its name and the reason', async () => {
  await right.run('echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger', { check: false }).catch(() => undefined);
  await right.container.exited;
  await expect.poll(() => right.guest?.lastWords, patience).toContain('sysrq triggered crash'); // its output may come later than its end
  expect(() => {
    testbed.check();
  }).toThrow(ContainerDiedError);
  expect(() => {
    testbed.check();
  }).toThrow(/^right: .*Kernel panic - not syncing: sysrq triggered crash$/);
  await expect(testbed.close()).rejects.toThrow('right: ');
});

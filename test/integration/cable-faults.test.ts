// SPDX-License-Identifier: GPL-3.0-or-later
// Faults of links between devices, and a device without power beside others.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dut, Link, Testbed } from '../../src/testbed/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { rabbit, TestHost } from '../support/testbeds.ts';

let testHost: TestHost;
let testbed: Testbed;
let left: Dut;
let right: Dut;
let cable: Link;

const topology = resolveTopology({
  duts: { left: 'rabbit', right: 'rabbit' },
  nodes: { server: { address: '10.0.2.3/24' } },
  links: [['left:0', 'right:0']],
  segments: { lan: ['left:1', 'right:1', 'server'] },
});
const routers = [1, 2].map((number) =>
  rabbit({
    provision: [
      `ip address add 10.0.1.${number}/24 dev eth0; ip link set eth0 up`,
      `ip address add 10.0.2.${number}/24 dev eth1; ip link set eth1 up`,
    ],
  }),
);

beforeAll(async () => {
  testHost = await TestHost.open();
  const created = await testHost.testbedWith(routers, topology, { start: 'cold' });
  testbed = await created.boot();
  [left, right] = testbed.duts as unknown as [Dut, Dut];
  [cable] = testbed.links as unknown as [Link];
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

/** Least round-trip time between the devices, in `ms`. */
async function roundTripMs(address: string): Promise<number> {
  const { output } = await left.shell.run(`ping -n -i 0.2 -c 10 ${address}`);
  return Math.min(...[...output.matchAll(/ time=([\d.]+) ms/g)].map(([, time]) => Number(time)));
}

test('a cable between two devices is delayed in one direction, and loses all in the other', async () => {
  {
    await using _fault = await cable.impair({ delayMs: 50, direction: 'right->left' });
    const delayed = await roundTripMs('10.0.1.2');
    expect(delayed).toBeGreaterThanOrEqual(50);
    expect(delayed).toBeLessThan(100); // that of both directions; how exact a delay is, link-faults.test.ts measures
  }
  await using fault = await cable.impair({ lossPercent: 100, direction: 'left:0->right:0' });
  await left.shell.run('ping -n -c 2 -W 1 10.0.1.2', { check: false });
  expect((await fault.counts())['left:0->right:0']).toMatchObject({ passed: 0 });
});

test('one port of a segment is delayed, and the others are not', async () => {
  const lan = testbed.links[1]!;
  await expect(lan.impair({ delayMs: 50 })).rejects.toMatchObject({ code: 'ALPY_USAGE' });
  await using _fault = await lan.impair({ delayMs: 50, direction: 'lan->right' });
  expect(await roundTripMs('10.0.2.2')).toBeGreaterThanOrEqual(50);
  expect(await roundTripMs('10.0.2.3')).toBeLessThan(50);
});

test('a device without power takes the carrier from the other end of its cable, but not from its segment', async () => {
  const carriers = async (): Promise<string> => (await left.shell.run('cat /sys/class/net/eth[01]/carrier')).output;
  await right.powerCut();
  expect(await carriers()).toBe('0\n1');
  expect(await testbed.nodes[0]!.ping('10.0.2.1')).toMatchObject({ received: 1 });
  await right.powerOn();
  await right.login();
  expect(await carriers()).toBe('1\n1');
});

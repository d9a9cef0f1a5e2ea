// SPDX-License-Identifier: GPL-3.0-or-later
// Two devices with a cable between them, and a node at each.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CreatedTestbed } from '../../src/testbed/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { rabbit, TestHost } from '../support/testbeds.ts';

let testHost: TestHost;

beforeAll(async () => {
  testHost = await TestHost.open();
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

const topology = resolveTopology({
  duts: { left: 'rabbit', right: 'rabbit' },
  nodes: { client: { address: '10.0.1.2/24', gateway: '10.0.1.1' }, server: { address: '10.0.2.2/24', gateway: '10.0.2.1' } },
  links: [
    ['client', 'left:0'],
    ['left:1', 'right:1'],
    ['right:0', 'server'],
  ],
});

/** Two routers. Each is made ready by itself, before it is saved. */
const routers = [1, 2].map((number) =>
  rabbit({
    provision: [
      `ip address add 10.0.${number}.1/24 dev eth0; ip link set eth0 up`,
      `ip address add 10.0.9.${number}/24 dev eth1; ip link set eth1 up`,
      `ip route add 10.0.${3 - number}.0/24 via 10.0.9.${3 - number}; echo 1 >/proc/sys/net/ipv4/ip_forward`,
    ],
  }),
);

async function restored(): Promise<CreatedTestbed> {
  const snapshots = { directory: join(testHost.directory, 'store'), maxBytes: 2 * 1024 ** 3 };
  return testHost.testbedWith(routers, topology, { start: 'snapshot', snapshots });
}

test('two restored routers forward between their nodes, and the cable between them is captured', async () => {
  const testbed = await restored();
  const [left, right] = testbed.duts;
  const [client, server] = testbed.nodes;
  expect([left!.isAtSnapshot, right!.isAtSnapshot]).toEqual([true, true]);
  await testbed.boot();
  expect(await client!.ping('10.0.2.2', { count: 3 })).toMatchObject({ received: 3 });
  expect(await server!.ping('10.0.1.2', { count: 3 })).toMatchObject({ received: 3 });
  expect(testbed.links.map(({ name }) => name)).toEqual(['client--left:0', 'left:1--right:1', 'right:0--server']);
  // ping sends more than 3 if a busy machine delays an answer
  for (const { capture } of testbed.links) expect(await capture.count('icmp.type == 8 && icmp.seq <= 3')).toBe(6);
  await testbed.close();
  expect(await testHost.containers()).toEqual([]);
});

test('virtual CPUs start within 50 ms of each other', async () => {
  const apartMs = async (): Promise<number> => {
    await using testbed = await restored();
    const starts: number[] = [];
    for (const { qmp } of testbed.duts)
      qmp.onEvent(({ event, timeMs }) => {
        if (event === 'RESUME') starts.push(timeMs);
      });
    await testbed.boot();
    const [first, second, ...others] = starts;
    expect(others).toEqual([]);
    return Math.abs(first! - second!);
  };
  // a busy machine delays one of them itself, so this is repeated
  let least = Infinity;
  for (let attempt = 0; attempt < 5 && least >= 50; attempt += 1) least = Math.min(least, await apartMs());
  expect(least).toBeLessThan(50);
});

test('each device has a console log of its own', async () => {
  const testbed = await restored();
  await testbed.boot();
  for (const [index, dut] of testbed.duts.entries()) await dut.shell.run(`echo I am number ${index}`);
  await testbed.close();
  const logs = dirname(testbed.links[0]!.capture.path);
  const [left, right] = await Promise.all(['left', 'right'].map((name) => readFile(join(logs, `console-${name}.log`), 'utf8')));
  expect(left).toContain('I am number 0');
  expect(right).toContain('I am number 1');
  expect(right).not.toContain('I am number 0');
});

test('a guest that ends unexpectedly fails the testbed, and the error names it', async () => {
  const testbed = await restored();
  await testbed.boot();
  const [, right] = testbed.duts;
  await right!.console.sendLine('poweroff -f');
  await expect(right!.qmp.waitForEvent('SHUTDOWN', { timeoutMs: 30_000 })).resolves.toBeDefined();
  await expect(testbed.close()).rejects.toMatchObject({
    code: 'ALPY_GUEST_LOST',
    message: expect.stringMatching(/^right: the guest powered itself off/) as string,
  });
  expect(await testHost.containers()).toEqual([]);
});

test('if one QEMU is killed, everything ends, and the error names its container', async () => {
  const testbed = await restored();
  await testbed.boot();
  await testbed.qemus[1]!.kill();
  await expect(testbed.close()).rejects.toMatchObject({ code: 'ALPY_CONTAINER_DIED', container: 'qemu-right' });
  expect(await testHost.containers()).toEqual([]);
});

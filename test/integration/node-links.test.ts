// SPDX-License-Identifier: GPL-3.0-or-later
// Links and segments without a device: what joins the nodes there is a QEMU of its own.
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { framesInPcap } from '../../src/doctor/links/encoding.ts';
import { framesUntil, type FrameEnd } from '../../src/doctor/links/frame-end.ts';
import { isFrom, wireFrames } from '../../src/doctor/links/frames.ts';
import { NodeFrames } from '../../src/doctor/links/node-frames.ts';
import { LifelinePool, type Appliance, type Link, type Testbed } from '../../src/testbed/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { openWithBlankDisk, rabbit, type TestHost } from '../support/testbeds.ts';

let testHost: TestHost;
let silent: Appliance;
let testbed: Testbed;
let pair: Link;
let lan: Link;
const wait = { timeoutMs: 60_000 };

/** The device never runs: links between nodes do not need it. */
const topology = resolveTopology({
  duts: { dut: 'silent' },
  nodes: {
    client: { interfaces: { eth0: { address: '10.0.1.1/24', mtu: 9000 }, eth1: { address: '10.0.2.1/24' } } },
    server: { interfaces: { eth0: { address: '10.0.1.2/24', mtu: 9000 }, eth1: { address: '10.0.2.2/24' } } },
    third: { interfaces: { eth1: { address: '10.0.2.3/24' } } },
  },
  links: [
    ['client', 'server'],
    ['third', 'dut:0'],
  ],
  segments: { lan: ['client', 'server', 'third'] },
});

beforeAll(async () => {
  let blank: string;
  ({ testHost, blank } = await openWithBlankDisk());
  silent = rabbit({ image: blank, login: undefined, memoryMiB: 64 });
  testbed = await testHost.testbedWith([silent], topology);
  pair = testbed.links['client--server']!;
  lan = testbed.links['lan']!;
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

/** Three echo requests or replies of a ping for three answers: it sends more if a busy machine delays an answer. */
const three = (type: 8 | 0): string => `icmp.type == ${type} && icmp.seq <= 3`;

const pinged = async (from: string, address: string): Promise<number> =>
  (await testbed.nodes[from]!.ping(address, { count: 3 })).received;

test('two nodes reach each other, and their link is captured', async () => {
  expect(await pinged('client', '10.0.1.2')).toBe(3);
  expect(await pair.capture.count(`${three(8)} && ip.dst == 10.0.1.2`)).toBe(3);
  expect(await pair.capture.count(`${three(0)} && ip.src == 10.0.1.2`)).toBe(3);
  const sentMs = Date.now();
  const [frame] = await pair.capture.frames('icmp');
  expect(Math.abs(sentMs - frame!.timeMs)).toBeLessThan(60_000); // the clock of the capture is the wall clock
});

test('nodes on a segment without a device reach each other, and each frame is captured once', async () => {
  expect(await pinged('client', '10.0.2.3')).toBe(3);
  expect(await pinged('third', '10.0.2.2')).toBe(3);
  expect(await lan.capture.count(`${three(8)} && ip.src == 10.0.2.3`)).toBe(3);
});

test('frames of all kinds pass in both directions, and are captured; short ones are padded', async () => {
  const [client, server] = await Promise.all(pair.ends.map(attachTo));
  const directions = [
    { from: client!, to: server! },
    { from: server!, to: client! },
  ];
  for (const [number, { from, to }] of directions.entries()) {
    const source = `52540000f0${number.toString(16).padStart(2, '0')}`;
    const sent = wireFrames(source).map(({ bytes }) => bytes);
    const expected = sent.map(padded);
    expect(await from.send(sent, wait)).toEqual([]);
    expect(await framesUntil(expected, to, source, wait.timeoutMs, wait)).toEqual(expected);
    const captured = framesInPcap(await readFile(pair.capture.path)).filter((frame) => isFrom(source, frame));
    expect(captured).toEqual(expected);
  }
});

test('unplugged, both nodes lose their carriers, and nothing passes', async () => {
  const carrier = async (node: string): Promise<string> =>
    (await testbed.nodes[node]!.run('cat /sys/class/net/eth0/carrier')).stdout.trim();
  {
    await using _cut = await pair.unplug();
    expect([await carrier('client'), await carrier('server')]).toEqual(['0', '0']);
    expect((await testbed.nodes['client']!.ping('10.0.1.2', { count: 1, timeoutMs: 1000 })).received).toBe(0);
  }
  expect([await carrier('client'), await carrier('server')]).toEqual(['1', '1']);
  // a ping ends early if the kernel gives up a neighbour that it has looked for since before the cable was plugged in
  await expect.poll(() => pinged('client', '10.0.1.2'), { timeout: wait.timeoutMs }).toBe(3);
});

test('impaired in one direction, the link delays and loses, and counts it; the capture shows it as the first node does', async () => {
  {
    await using fault = await pair.impair({ delayMs: 100, direction: 'client->server' });
    const { averageMs } = await testbed.nodes['client']!.ping('10.0.1.2', { count: 3 });
    expect(averageMs).toBeGreaterThanOrEqual(100);
    const [request, reply] = (await pair.capture.frames('icmp.seq == 3')).slice(-2);
    expect(reply!.timeMs - request!.timeMs).toBeGreaterThanOrEqual(99); // delayed behind the capture
    expect((await fault.counts())['client->server']?.passed).toBeGreaterThanOrEqual(3);
  }
  await using lost = await pair.impair({ lossPercent: 100, direction: 'server->client' });
  expect((await testbed.nodes['client']!.ping('10.0.1.2', { count: 1, timeoutMs: 1000 })).received).toBe(0);
  expect((await lost.counts())['server->client']).toMatchObject({ passed: 0 });
});

test.each([
  ['the host sees its files', {}],
  ['files are copied', { access: { kind: 'copy' } as const }],
])('captures are whole after the tear-down if %s', async (_, changes) => {
  const other = await testHost.testbedWith([silent], topology, { facts: { ...testHost.facts, ...changes } });
  const { path } = other.links[0]!.capture;
  expect((await other.nodes['client']!.ping('10.0.1.2', { count: 5 })).received).toBe(5);
  await other.close();
  // ping sends more than 5 if a busy machine delays an answer
  const isOneOfFive = (frame: Buffer): boolean => frame.readUInt16BE(12) === 0x0800 && frame.readUInt16BE(40) <= 5;
  expect(framesInPcap(await readFile(path)).filter(isOneOfFive)).toHaveLength(10);
});

test('a node, a node with a kernel of its own and an uplink work on a segment without a device; faults reach the router', async () => {
  const outside = resolveTopology({
    duts: { dut: 'silent' },
    nodes: {
      client: { address: '10.0.2.50/24' },
      guest: { kind: 'guest', address: '10.0.2.51/24' },
      internet: { uplink: true },
      other: { address: '10.0.2.50/24' },
      outside: { uplink: true },
    },
    links: [['other', 'outside']],
    segments: { lan: ['client', 'guest', 'internet'] },
  });
  await using testbed = await testHost.testbedWith([silent], outside);
  const { links, nodes } = testbed;
  const reach = async (from: string, address: string): Promise<number> =>
    (await nodes[from]!.ping(address, { count: 3, timeoutMs: 30_000 })).received;
  const router = '10.0.2.2';
  // a ping ends early if a neighbour does not answer for three seconds, as a guest on a busy machine may
  await expect.poll(() => reach('client', '10.0.2.51'), { timeout: wait.timeoutMs }).toBe(3);
  await expect.poll(() => reach('guest', '10.0.2.50'), { timeout: wait.timeoutMs }).toBe(3);
  for (const node of ['client', 'guest', 'other']) expect(await reach(node, router)).toBe(3);
  expect(await links['lan']!.capture.count(`${three(0)} && ip.src == ${router}`)).toBe(6);
  expect(await links['other--outside']!.capture.count(`${three(0)} && ip.src == ${router}`)).toBe(3);
  await using _lost = await links['other--outside']!.impair({ lossPercent: 100 });
  expect(await nodes['other']!.ping(router, { count: 1, timeoutMs: 1000 })).toMatchObject({ received: 0 });
});

test('testbeds with links between nodes use the same containers of QEMU one after the other', async () => {
  await using lifelines = new LifelinePool(testHost.directory);
  const used: (readonly string[])[] = [];
  for (let round = 0; round < 2; round += 1) {
    const directory = await mkdtemp(join(testHost.directory, 'pooled-'));
    await using other = await testHost.testbedWith([silent], topology, { directory, lifelines });
    expect(await other.nodes['client']!.ping('10.0.1.2', { count: 3 })).toMatchObject({ received: 3 });
    const [end] = other.links['client--server']!.ends;
    used.push([other.qemu.id, ...(end?.kind === 'interface' ? [end.port!.machine.container.id] : [])]);
  }
  expect(used[0]).toHaveLength(2);
  expect(used[1]).toEqual(used[0]);
});

test('if the QEMU between the nodes ends, the check of the testbed says so', async () => {
  const other = await testHost.testbedWith([silent], topology);
  const end = other.links[0]!.ends[0]!;
  const qmp = end.kind === 'interface' ? end.port!.machine.qmp : undefined;
  await qmp!.execute('quit').catch(() => undefined);
  await qmp!.closed;
  expect(() => {
    other.check();
  }).toThrow('expected QEMU to pass frames between nodes until the testbed ends');
  await expect(other.close()).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
});

/** QEMU makes them at least as long as a frame of Ethernet without its checksum. */
function padded(frame: Buffer): Buffer {
  return Buffer.concat([frame, Buffer.alloc(Math.max(0, 60 - frame.length))]);
}

async function attachTo(end: Link['ends'][number]): Promise<FrameEnd> {
  if (end.kind === 'nic') throw new Error(`expected a node, got ${end.name}`);
  return NodeFrames.attach(testbed.apps, end, wait);
}

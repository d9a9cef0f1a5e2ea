// SPDX-License-Identifier: GPL-3.0-or-later
// Cables and segments pass every frame as it is.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { framesInPcap } from '../../src/doctor/links/encoding.ts';
import { framesUntil } from '../../src/doctor/links/frame-end.ts';
import { isFrom, numberedFrames, wireFrames } from '../../src/doctor/links/frames.ts';
import { NicFrames } from '../../src/doctor/links/nic-frames.ts';
import type { Testbed } from '../../src/testbed/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { openWithBlankDisk, rabbit, type TestHost } from '../support/testbeds.ts';

let testHost: TestHost;
let testbed: Testbed;
const wait = { timeoutMs: 60_000 };
/** by the names of the ends */
const nics = new Map<string, NicFrames>();

beforeAll(async () => {
  let blank: string;
  ({ testHost, blank } = await openWithBlankDisk());
  const silent = rabbit({ image: blank, login: undefined, memoryMiB: 64 });
  const topology = resolveTopology({
    duts: { left: 'silent', middle: 'silent', right: 'silent' },
    nodes: { client: { address: '10.0.0.1/24' }, server: { address: '10.0.0.2/24' } },
    links: [['left:0', 'right:0']],
    segments: { lan: ['left:1', 'middle:0', 'right:1', 'client', 'server'] },
  });
  testbed = await testHost.testbedWith([silent, silent, silent], topology);
  for (const dut of testbed.duts) await dut.start();
  for (const { ends } of testbed.links)
    for (const end of ends)
      if (end.kind === 'nic') nics.set(end.name, await NicFrames.attach(end.machine, end.spec.netdev, wait));
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

/** Sends frames of all kinds from one NIC. Returns the names of those that arrive at another one, and of those that are captured. */
async function passed(
  link: number,
  from: string,
  to: string,
): Promise<{ arrived: readonly string[]; captured: readonly string[] }> {
  const source = newSource();
  const sent = namedFrames(source);
  await nics.get(from)!.send([...sent.values()], wait);
  const arrived = await framesUntil([...sent.values()], nics.get(to)!, source, wait.timeoutMs, wait);
  return { arrived: namesOf(sent, arrived), captured: namesOf(sent, await captured(link, source)) };
}

/** Each sending has a source address of its own. */
let sources = 0;
function newSource(): string {
  return `52540000f0${(sources += 1).toString(16).padStart(2, '0')}`;
}

function namedFrames(source: string): ReadonlyMap<string, Buffer> {
  return new Map(wireFrames(source).map(({ kind, name, bytes }) => [`${kind}: ${name}`, bytes]));
}

async function captured(link: number, source: string): Promise<readonly Buffer[]> {
  return framesInPcap(await readFile(testbed.links[link]!.capture.path)).filter((frame) => isFrom(source, frame));
}

/** Sends numbered frames through the cable. @param onSent - runs before frames are awaited */
async function assertAllArrive(count: number, onSent?: () => PromiseLike<void>): Promise<void> {
  const source = newSource();
  const sent = numberedFrames(source, count, 64);
  await nics.get('left:0')!.send(sent, wait);
  await onSent?.();
  const received = await framesUntil(sent, nics.get('right:0')!, source, wait.timeoutMs, wait);
  expect(received.length).toBe(sent.length);
  expect(received.findIndex((one, index) => !one.equals(sent[index]!))).toBe(-1);
}

/** Names frames, so that a difference says which frame is missing. */
function namesOf(sent: ReadonlyMap<string, Buffer>, received: readonly Buffer[]): readonly string[] {
  const nameOf = (one: Buffer): string | undefined => [...sent].find(([, frame]) => frame.equals(one))?.[0];
  return received.map((one) => nameOf(one) ?? one.toString('hex').slice(0, 120));
}

const names = [...namedFrames(newSource()).keys()];

describe('a cable', () => {
  test.each([
    ['left:0', 'right:0'],
    ['right:0', 'left:0'],
  ])('passes frames of all kinds as they are from %s to %s, and they are captured', async (from, to) => {
    expect(await passed(0, from, to)).toEqual({ arrived: names, captured: names });
  });

  test('loses, reorders and changes none of 900 frames that follow each other as fast as QEMU sends them', async () => {
    for (let round = 0; round < 4; round += 1) await assertAllArrive(900);
  });

  test('loses, reorders and changes none of 9000 frames for a QEMU that gets no processor meanwhile', async () => {
    const thawed = await testbed.duts[2]!.freeze(); // the device right
    await assertAllArrive(9000, () => thawed[Symbol.asyncDispose]());
  });
});

describe('a segment', () => {
  test('sends every frame to all other ends, and never back', async () => {
    const source = newSource();
    const sent = namedFrames(source);
    const [left, ...others] = ['left:1', 'middle:0', 'right:1'].map((name) => nics.get(name)!);
    await left!.send([...sent.values()], wait);
    for (const nic of others) {
      const received = await framesUntil([...sent.values()], nic, source, wait.timeoutMs, wait);
      expect(namesOf(sent, received)).toEqual(names);
    }
    expect((await left!.received(wait)).filter((frame) => isFrom(source, frame))).toEqual([]);
  });

  test('lets its nodes reach each other, and its NICs see that', async () => {
    const [client, server] = testbed.nodes;
    expect(await client!.ping('10.0.0.2', { count: 3 })).toMatchObject({ received: 3 });
    expect(await server!.ping('10.0.0.1', { count: 3 })).toMatchObject({ received: 3 });
    // ping sends more than 3 if a busy machine delays an answer; the QEMU of a device gets frames between nodes later than they do
    const captured = (): Promise<number> => testbed.links[1]!.capture.count('icmp.type == 8 && icmp.seq <= 3');
    await expect.poll(captured, { timeout: wait.timeoutMs }).toBe(6);
  });

  test('takes the carrier from its nodes when it is unplugged', async () => {
    const [client] = testbed.nodes;
    const carrier = async (): Promise<string> => (await client!.run('cat /sys/class/net/eth0/carrier')).stdout.trim();
    expect(await carrier()).toBe('1');
    await testbed.links[1]!.setUp(false);
    expect(await carrier()).toBe('0');
    await testbed.links[1]!.setUp(true);
    expect(await carrier()).toBe('1');
    expect(await client!.ping('10.0.0.2')).toMatchObject({ received: 1 });
  });
});

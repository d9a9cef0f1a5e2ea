// SPDX-License-Identifier: GPL-3.0-or-later
// Cables and segments pass every frame as it is.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Testbed } from '../../src/testbed/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { framesIn, NicFrames } from '../support/nic-frames.ts';
import { openWithBlankDisk, rabbit, type TestHost } from '../support/testbeds.ts';
import { numberedFrames, wireFrames } from '../support/wire-frames.ts';

let testHost: TestHost;
let testbed: Testbed;
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
  for (const [index, dut] of testbed.duts.entries())
    for (const { ends } of dut.links)
      for (const end of ends)
        if (end.kind === 'nic' && end.dut === dut.name)
          nics.set(end.name, await NicFrames.attach(dut.qmp, testbed.qemus[index]!, end.spec.netdev));
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

const names = Object.keys(wireFrames);
const frames = Object.values(wireFrames);

/** Names frames, so that a difference says which frame is missing. */
function named(received: readonly Buffer[]): readonly string[] {
  return received.map((one) => names[frames.findIndex((frame) => frame.equals(one))] ?? one.toString('hex').slice(0, 120));
}

describe('a cable', () => {
  test.each([
    ['left:0', 'right:0'],
    ['right:0', 'left:0'],
  ])('passes frames of all kinds as they are from %s to %s, and they are captured', async (from, to) => {
    const captured = (await framesIn(testbed.links[0]!.capture.path)).length;
    const before = await nics.get(to)!.position();
    await nics.get(from)!.send(frames);
    const received = await nics.get(to)!.receivedSince(before, frames);
    expect(named(received)).toEqual(names);
    expect(named((await framesIn(testbed.links[0]!.capture.path)).slice(captured))).toEqual(names);
  });

  test('loses, reorders and changes none of 5000 short frames that follow each other as fast as QEMU sends them', async () => {
    const [left, right] = [nics.get('left:0')!, nics.get('right:0')!];
    const before = await right.position();
    const sent = numberedFrames(5000, 64);
    await left.send(sent);
    const received = await right.receivedSince(before, sent);
    expect(received.length).toBe(sent.length);
    expect(received.findIndex((one, index) => !one.equals(sent[index]!))).toBe(-1);
  });
});

describe('a segment', () => {
  test('sends every frame to all other ends, and never back', async () => {
    const [left, middle, right] = ['left:1', 'middle:0', 'right:1'].map((name) => nics.get(name)!);
    const before = [await middle!.position(), await right!.position()];
    const own = await left!.position();
    await left!.send(frames);
    for (const [index, nic] of [middle!, right!].entries())
      expect(named(await nic.receivedSince(before[index]!, frames))).toEqual(names);
    expect(await left!.position()).toBe(own);
  });

  test('lets its nodes reach each other, and its NICs see that', async () => {
    const [client, server] = testbed.nodes;
    expect(await client!.ping('10.0.0.2', { count: 3 })).toMatchObject({ received: 3 });
    expect(await server!.ping('10.0.0.1', { count: 3 })).toMatchObject({ received: 3 });
    expect(await testbed.links[1]!.capture.count('icmp.type == 8')).toBe(6);
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

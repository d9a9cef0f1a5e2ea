// SPDX-License-Identifier: GPL-3.0-or-later
import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { LocalRelay } from '../../support/relay.ts';

/** Frames with their number behind the Ethernet header. */
function numbered(count: number, bytes = 64): readonly Buffer[] {
  return Array.from({ length: count }, (_, number) => {
    const frame = Buffer.alloc(bytes, 0x5a);
    frame.writeUInt32BE(number, 14);
    return frame;
  });
}

const numbersOf = (arrivals: readonly { readonly frame: Buffer }[]): readonly number[] =>
  arrivals.map(({ frame }) => frame.readUInt32BE(14));

test('frames of all lengths pass unchanged and in order, however they are cut, and the sockets leave no files', async () => {
  await using local = await LocalRelay.start({});
  const frames = Array.from({ length: 500 }, (_, index) => Buffer.alloc(1 + ((index * 37) % 9014), index));
  await local.send(frames, 1009);
  const arrivals = await local.arrived(frames.length);
  expect(arrivals.every(({ frame }, index) => frame.equals(frames[index]!))).toBe(true);
  expect(await local.relay.counts()).toMatchObject([{ received: 500, passed: 500, lost: 0 }]);
  expect(await readdir(local.folder)).toEqual([]);
});

test('a seed decides which frames get lost: 9 to 11 of 100 for 10 percent', async () => {
  const survivors = async (seed: number): Promise<readonly number[]> => {
    await using local = await LocalRelay.start({ lossPercent: 10 }, seed);
    await local.send(numbered(10_000));
    const counts = await local.received(10_000);
    expect(counts.lost).toBeGreaterThan(900);
    expect(counts.lost).toBeLessThan(1100);
    return numbersOf(await local.arrived(10_000 - counts.lost));
  };
  const [first, again, other] = [await survivors(1), await survivors(1), await survivors(2)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

test('a delay holds each frame until `clear` delivers all at once', async () => {
  await using local = await LocalRelay.start({ delayMs: 50 });
  const sentMs = performance.now();
  await local.send(numbered(10));
  const [first] = await local.arrived(10);
  expect(first!.timeMs - sentMs).toBeGreaterThanOrEqual(50);
  await using slow = await LocalRelay.start({ delayMs: 3_600_000 });
  await slow.send(numbered(10));
  expect(await slow.received(10)).toMatchObject({ passed: 0 });
  await slow.relay.clear();
  expect(numbersOf(await slow.arrived(10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('jitter keeps the order of frames', async () => {
  await using local = await LocalRelay.start({ delayMs: 10, jitterMs: 10 });
  const numbers = Array.from({ length: 200 }, (_, number) => number);
  for (const frame of numbered(200)) {
    await local.send([frame]);
    await local.relay.counts(); // some time passes
  }
  expect(numbersOf(await local.arrived(200))).toEqual(numbers);
});

test('reordered frames overtake delayed ones, and none is lost', async () => {
  await using local = await LocalRelay.start({ delayMs: 20, reorderPercent: 25 });
  await local.send(numbered(1000));
  const numbers = numbersOf(await local.arrived(1000));
  expect(numbers).not.toEqual(numbers.toSorted((a, b) => a - b));
  expect(new Set(numbers).size).toBe(1000);
  const [counts] = await local.relay.counts();
  expect(counts!.reordered).toBeGreaterThan(200);
  expect(counts!.reordered).toBeLessThan(300);
});

test('frames are duplicated, and one bit behind the Ethernet header is changed', async () => {
  await using local = await LocalRelay.start({ duplicatePercent: 100, corruptPercent: 100 });
  const sent = numbered(1)[0]!;
  await local.send([sent]);
  const [one, copy] = await local.arrived(2);
  expect(one!.frame).toEqual(copy!.frame);
  const changed = [...sent].map((byte, index) => byte ^ one!.frame[index]!);
  expect(changed.filter((bits) => bits !== 0)).toHaveLength(1);
  expect(changed.findIndex((bits) => bits !== 0)).toBeGreaterThanOrEqual(14);
  expect(Math.log2(changed.find((bits) => bits !== 0)!) % 1).toBe(0);
});

test('a rate spaces frames, and drops those for which the queue has no room', async () => {
  await using local = await LocalRelay.start({ rateMbps: 1 });
  let sent = 0;
  const twentyIntervalsMs = async (): Promise<number> => {
    await local.send(numbered(21, 1250)); // 10 ms each
    sent += 21;
    const arrivals = (await local.arrived(sent)).slice(-21);
    return arrivals[20]!.timeMs - arrivals[0]!.timeMs;
  };
  // a busy machine notices frames late, so this is repeated
  await expect.poll(twentyIntervalsMs, { timeout: 30_000 }).toSatisfy((ms: number) => ms > 180 && ms < 220);
  await local.send(numbered(3000, 1250));
  const counts = await local.received(sent + 3000);
  expect(counts.overflowed).toBeGreaterThan(1800);
});

test('a reader that stops does not stop the relay: it drops what it has no room for', async () => {
  await using local = await LocalRelay.start({});
  local.stopReading();
  await local.send(numbered(20_000, 9000)); // 180 MB
  const [counts] = await local.relay.counts();
  expect(counts!.overflowed).toBeGreaterThan(1000);
});

test('a relay that dies is an error of the environment', async () => {
  await using local = await LocalRelay.start({});
  local.process.kill('SIGKILL');
  await expect(local.relay.lost).rejects.toMatchObject({ fault: 'environment' });
  await expect(local.relay.counts()).rejects.toMatchObject({ fault: 'environment' });
});

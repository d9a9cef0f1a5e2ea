// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { throttle } from '../../../src/docker/throttle.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('a program that prints without end is slowed down after 8 MiB, without losing output', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  const stream = new PassThrough({ highWaterMark: 1024 ** 2 });
  let read = 0;
  stream.on('data', (chunk: Buffer) => {
    read += chunk.length;
  });
  throttle(stream);
  const chunk = Buffer.alloc(1024 ** 2);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const offer = async (): Promise<number> => {
    const before = read;
    for (let n = 0; n < 100; n += 1) {
      if (!stream.writableNeedDrain) stream.write(chunk);
      await turn();
    }
    return (read - before) / chunk.length;
  };
  expect(await offer()).toBeLessThanOrEqual(10);
  expect(await offer()).toBe(0);
  const before = read;
  for (let ms = 0; ms < 10_000; ms += 25) {
    await vi.advanceTimersByTimeAsync(25);
    if (!stream.writableNeedDrain) stream.write(chunk);
    await turn();
  }
  const mebibytes = (read - before) / chunk.length;
  expect(mebibytes).toBeGreaterThan(50);
  expect(mebibytes).toBeLessThan(90);
  expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { withSink } from '../../../src/core/step.ts';
import { Collector } from '../../../src/network/collector.ts';

/** A collector, and what it logs. */
async function collecting(body: (stream: PassThrough, collector: Collector) => Promise<void>): Promise<readonly string[]> {
  const lines: string[] = [];
  await withSink(
    (event) => {
      if (event.kind === 'log') lines.push(event.text);
    },
    async () => {
      const stream = new PassThrough();
      await body(stream, new Collector(stream, 'app'));
    },
  );
  return lines;
}

const never = new AbortController().signal;

test('lines are logged, and can be found later or awaited', async () => {
  const lines = await collecting(async (stream, collector) => {
    stream.write('one\n\u001b[1mtwo\n');
    const three = collector.line(/^three$/, never);
    stream.end('three');
    expect(await three).toBe('three');
    expect(await collector.line(/two/, never)).toBe('\u001b[1mtwo');
    expect(await collector.text()).toBe('one\n\u001b[1mtwo\nthree');
    expect(collector.droppedBytes).toBe(0);
  });
  expect(lines).toEqual(['app: one', 'app: \\e[1mtwo', 'app: three']);
});

test('a line is found by a text, taken literally, or by a regular expression with any flags', async () => {
  await collecting(async (stream, collector) => {
    stream.end('axb\na.b\na.b again\n');
    await collector.ended;
    expect(await collector.line('a.b', never)).toBe('a.b');
    const again = /a\.b/gy;
    again.lastIndex = 3;
    expect(await collector.line(again, never)).toBe('a.b');
    expect(await collector.line(again, never)).toBe('a.b');
    expect(again.lastIndex).toBe(3);
  });
});

/** What this process keeps after a garbage collection, in MiB. How much garbage there is besides depends on the machine. */
function keptMiB(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 ** 2;
}

test('endless output, with or without line ends, takes a bounded amount of log and memory', async () => {
  const count = 80; // MB, far more than may be kept
  for (const text of [`${'x'.repeat(200)}\n`.repeat(5000), 'x'.repeat(1_005_000)]) {
    const beforeMiB = keptMiB();
    const lines = await collecting(async (stream, collector) => {
      const chunk = Buffer.from(text);
      for (let n = 0; n < count; n += 1) if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve));
      stream.end('the end\n');
      await collector.ended;
      expect(keptMiB() - beforeMiB).toBeLessThan(50);
      const { droppedBytes } = collector;
      expect(droppedBytes).toBe(count * chunk.length + 8 - 16 * 1024 ** 2);
      expect(await collector.line(/^(x*)the end$/, never)).toMatch(/the end$/);
      expect((await collector.text()).endsWith('the end\n')).toBe(true);
    });
    expect(lines.reduce((sum, line) => sum + line.length, 0)).toBeLessThan(300_000);
    expect(lines.at(-2)).toBe('app: its output is long; the rest is not logged');
    expect(lines.at(-1)).toMatch(/^app: \d+ characters of its output were not logged$/);
  }
});

test('closing a collector logs how much was not logged, even if the output has not ended', async () => {
  const lines = await collecting((stream, collector) => {
    stream.write('x'.repeat(1_000_000));
    collector.close();
    collector.close();
    return Promise.resolve();
  });
  expect(lines.filter((line) => line.includes('were not logged'))).toEqual([
    expect.stringMatching(/^app: \d+ characters of its output were not logged$/),
  ]);
});

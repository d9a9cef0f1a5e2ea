// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { LineSplitter, OutputTail } from '../../../src/core/output.ts';

test('OutputTail keeps the end of an output and counts the dropped bytes', () => {
  const tail = new OutputTail(10_000);
  for (let n = 0; n < 10_000; n += 1) tail.push(Buffer.from(`line ${n}\n`));
  const all = Array.from({ length: 10_000 }, (_, n) => `line ${n}\n`).join('');
  expect(tail.bytes().toString()).toBe(all.slice(-10_000));
  expect(tail.droppedBytes).toBe(all.length - 10_000);
});

test('OutputTail keeps an output of exactly its limit that comes as one chunk', () => {
  const tail = new OutputTail(300_000);
  expect(tail.bytes().length).toBe(0);
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, n) => n % 251));
  tail.push(bytes);
  expect(tail.bytes().equals(bytes)).toBe(true);
  expect(tail.droppedBytes).toBe(0);
});

function linesOf(...chunks: readonly (string | Buffer)[]): readonly string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

test('lines end with a line feed, a carriage return or both, wherever the output is split into chunks', () => {
  expect(linesOf('a\nb\r\nc\rd\n\ne')).toEqual(['a', 'b', 'c', 'd', '', 'e']);
  expect(linesOf('a\r', '\nb', '\r', 'c\r')).toEqual(['a', 'b', 'c']);
  const bytes = Buffer.from('grüße\n');
  expect(linesOf(bytes.subarray(0, 3), bytes.subarray(3))).toEqual(['grüße']);
});

test('a very long line is split into many', () => {
  const chunks = Array.from({ length: 100 }, () => 'x'.repeat(1000));
  const lines = linesOf(...chunks, 'y');
  expect(lines.join('')).toBe(`${'x'.repeat(100_000)}y`);
  expect(Math.max(...lines.map(({ length }) => length))).toBe(16_384);
  expect(linesOf(`${'x'.repeat(40_000)}\nz\n`).map(({ length }) => length)).toEqual([16_384, 16_384, 7232, 1]);
});

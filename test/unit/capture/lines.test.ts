// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { linesOf } from '../../../src/capture/lines.ts';

const bytes = Buffer.from('one\n\ntwo\r \u2028 ü\nrest');

function pieces(size: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

async function* piecesOf(size: number): AsyncGenerator<Buffer> {
  for (const piece of pieces(size)) yield await Promise.resolve(piece);
}

test.each([1, 2, 5, 100])('only a line feed ends a line, in pieces of %i bytes', async (size) => {
  expect(await Array.fromAsync(linesOf(piecesOf(size)))).toEqual(['one', '', 'two\r \u2028 ü', 'rest']);
});

test('a line in many pieces takes linear time', async () => {
  const piece = Buffer.alloc(8192, 'x');
  const count = 8192; // 64 MiB: joined anew with each piece, it would take minutes
  async function* long(): AsyncGenerator<Buffer> {
    for (let index = 0; index < count; index += 1) yield await Promise.resolve(piece);
    yield Buffer.from('\n');
  }
  const [line] = await Array.fromAsync(linesOf(long()));
  expect(line).toHaveLength(count * piece.length);
});

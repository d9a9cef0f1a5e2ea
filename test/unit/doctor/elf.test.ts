// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { loaderIn, loaderOf } from '../../../src/doctor/elf.ts';

/** The start of a program with these headers: their type, and the text that they name. */
function program(...headers: readonly (readonly [type: number, text: string])[]): Buffer {
  const head = Buffer.alloc(1024);
  head.write('\x7fELF\x02\x01', 'latin1');
  head.writeBigUInt64LE(64n, 0x20);
  head.writeUInt16LE(56, 0x36);
  head.writeUInt16LE(headers.length, 0x38);
  for (const [index, [type, text]] of headers.entries()) {
    const [at, from] = [64 + 56 * index, 512 + 64 * index];
    head.writeUInt32LE(type, at);
    head.writeBigUInt64LE(BigInt(from), at + 8);
    head.writeBigUInt64LE(BigInt(text.length), at + 32);
    head.write(text, from);
  }
  return head;
}

test('a dynamically linked program names its loader, a statically linked one and a script name none', () => {
  expect(loaderIn(program([6, ''], [3, '/lib64/ld-linux-x86-64.so.2\0'], [1, 'x']))).toBe('/lib64/ld-linux-x86-64.so.2');
  expect(loaderIn(program([6, ''], [1, 'x']))).toBeUndefined();
  expect(loaderIn(Buffer.from('#!/bin/sh\n'))).toBeUndefined();
});

test('damaged headers name no loader, and do not crash', () => {
  const whole = program([3, '/lib/ld.so\0']);
  for (let length = 0; length < 130; length += 1) expect(() => loaderIn(whole.subarray(0, length))).not.toThrow();
  expect(loaderIn(Buffer.concat([whole.subarray(0, 64), Buffer.alloc(960, 255)]))).toBeUndefined();
});

test('Node needs a loader on Linux, and a folder is refused', async () => {
  expect(await loaderOf(process.execPath)).toMatch(/\/ld-[^/]+\.so/);
  await expect(loaderOf('/')).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isFirmwareFile } from '../../../src/init/firmware-file.ts';

async function isFirmware(change: (bytes: Buffer) => Buffer): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'alpy-firmware-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const bytes = Buffer.alloc(128 * 1024, 0xff);
  bytes.set([0xea, 0x5b, 0xe0, 0x00, 0xf0], bytes.length - 16); // as a BIOS does
  await writeFile(join(directory, 'file'), change(bytes));
  return isFirmwareFile(join(directory, 'file'));
}

function withReset(bytes: Buffer, code: readonly number[]): Buffer {
  return Buffer.concat([bytes.subarray(0, -16), Buffer.from(code), Buffer.alloc(16 - code.length)]);
}

test('a file with a jump where the processor begins is firmware, whatever comes before the jump', async () => {
  expect(await isFirmware((bytes) => bytes)).toBe(true);
  expect(await isFirmware((bytes) => withReset(bytes, [0xfa, 0xfc, 0xe9]))).toBe(true); // U-Boot
  expect(await isFirmware((bytes) => withReset(bytes, [0x90, 0x90, 0xe9]))).toBe(true); // OVMF
});

test('a disk, a file of another size and a file without that jump are not firmware', async () => {
  expect(await isFirmware((bytes) => Buffer.concat([bytes.subarray(0, 510), Buffer.of(0x55, 0xaa), bytes.subarray(512)]))).toBe(
    false,
  );
  expect(await isFirmware((bytes) => bytes.subarray(1))).toBe(false);
  expect(await isFirmware((bytes) => withReset(bytes, [0, 0, 0, 0, 0]))).toBe(false);
  expect(await isFirmware(() => Buffer.alloc(0))).toBe(false);
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { readPartitionTable, tableBytes } from '../../../src/init/partition-table.ts';

/** The first sectors of a disk with these types of partitions. */
function disk(parts: { readonly mbr?: readonly number[]; readonly gpt?: readonly string[]; readonly code?: boolean }): Buffer {
  const start = Buffer.alloc(tableBytes);
  start.writeUInt16LE(0xaa55, 510);
  parts.mbr?.forEach((type, index) => (start[446 + index * 16 + 4] = type));
  if (parts.code === true) start[0] = 0xeb;
  if (parts.gpt) {
    start.write('EFI PART', 512, 'latin1');
    start.writeUInt32LE(128, 512 + 84);
    parts.gpt.forEach((type, index) => start.write(type, 1024 + index * 128, 'hex'));
  }
  return start;
}

const efi = '28732ac11ff8d211ba4b00a0c93ec93b';
const linux = 'af3dc60f838472478e793d69d8477de4';

test('a GPT tells of an EFI system partition, and the first sector of a BIOS', () => {
  expect(readPartitionTable(disk({ mbr: [0xee], gpt: [linux, efi], code: true }))).toEqual({
    kind: 'gpt',
    hasEfi: true,
    hasBootCode: true,
  });
  expect(readPartitionTable(disk({ mbr: [0xee], gpt: [linux] }))).toEqual({ kind: 'gpt', hasEfi: false, hasBootCode: false });
});

test('an MBR does so, too', () => {
  expect(readPartitionTable(disk({ mbr: [0xef, 0x83] }))).toEqual({ kind: 'mbr', hasEfi: true, hasBootCode: false });
  expect(readPartitionTable(disk({ mbr: [0x83], code: true }))).toEqual({ kind: 'mbr', hasEfi: false, hasBootCode: true });
});

test('anything else is no partition table, and no input makes it fail', () => {
  const none = { kind: 'none', hasEfi: false, hasBootCode: false };
  for (const start of [Buffer.alloc(0), Buffer.alloc(511), Buffer.alloc(tableBytes)])
    expect(readPartitionTable(start)).toEqual(none);
  for (let count = 0; count < 100; count += 1) {
    const start = randomBytes(count * 30);
    if (count > 30) start.write('EFI PART', 512, 'latin1');
    expect(() => readPartitionTable(start)).not.toThrow();
  }
});

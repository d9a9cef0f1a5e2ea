// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { firstHardware, nextHardware, type Hardware, type Try } from '../../../src/init/plan.ts';

const first: Hardware = { machine: 'q35', firmware: 'bios', disk: 'virtio', memoryMiB: 512 };

/** All hardware that is tried if every try ends with the same trouble. */
function sequence(trouble: Try['trouble'], hardware = first): readonly Hardware[] {
  const tries: Try[] = [{ hardware, trouble }];
  for (let next = nextHardware(tries); next; next = nextHardware(tries)) tries.push({ hardware: next, trouble });
  return tries.map(({ hardware }) => hardware);
}

test('the first try is by BIOS, unless only UEFI can boot the disk', () => {
  expect(firstHardware({ kind: 'gpt', hasEfi: true, hasBootCode: true }, true)).toEqual(first);
  expect(firstHardware({ kind: 'none', hasEfi: false, hasBootCode: false }, true)).toEqual(first);
  expect(firstHardware({ kind: 'gpt', hasEfi: true, hasBootCode: false }, true)).toEqual({ ...first, firmware: 'uefi' });
  expect(firstHardware({ kind: 'mbr', hasEfi: false, hasBootCode: true }, true, 2048)).toEqual({ ...first, memoryMiB: 2048 });
});

test('without a root file system, other buses are tried, the IDE bus in the older machine', () => {
  expect(sequence('no-root').map(({ disk, machine }) => [disk, machine])).toEqual([
    ['virtio', 'q35'],
    ['ahci', 'q35'],
    ['scsi', 'q35'],
    ['ide', 'pc'],
  ]);
});

test('without a boot loader, the other firmware is tried, then both with a disk that every firmware knows', () => {
  expect(sequence('no-boot').map(({ firmware, disk }) => [firmware, disk])).toEqual([
    ['bios', 'virtio'],
    ['uefi', 'virtio'],
    ['uefi', 'ahci'],
    ['bios', 'ahci'],
  ]);
});

test('without enough memory, twice as much is tried, up to 4 GiB', () => {
  expect(sequence('no-memory').map(({ memoryMiB }) => memoryMiB)).toEqual([512, 1024, 2048, 4096]);
});

test('a CD has no bus to choose, so only the firmware and the memory vary', () => {
  const cd = firstHardware({ kind: 'mbr', hasEfi: false, hasBootCode: true }, false);
  expect(cd).toEqual({ machine: 'q35', firmware: 'bios', memoryMiB: 512 });
  expect(sequence('no-root', cd)).toEqual([cd]);
  expect(sequence('silent', cd)).toEqual([cd, { ...cd, firmware: 'uefi' }]);
  expect(sequence('no-memory', cd)).toHaveLength(4);
});

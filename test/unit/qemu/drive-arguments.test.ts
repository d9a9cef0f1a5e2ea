// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { driveArguments, type DriveFile } from '../../../src/qemu/drive-arguments.ts';
import type { MachineType } from '../../../src/qemu/machine-type.ts';
import type { DriveSpec } from '../../../src/qemu/drives.ts';

const raw: DriveFile = { path: '/i/d.raw', format: 'raw', isWritten: false };
const disk = (bus: 'virtio' | 'ahci' | 'ide' | 'scsi', more: object = {}): DriveSpec => ({ kind: 'disk', bus, ...more });
const cdrom: DriveSpec = { kind: 'cdrom' };

function all(drives: readonly DriveSpec[], machine: MachineType, fileOf: (index: number) => DriveFile = () => raw): string {
  return driveArguments({ drives, machine }, 1, { drive: fileOf }).join(' ');
}

/** The arguments without those that say what is in the drives. */
function devices(drives: readonly DriveSpec[], machine: MachineType): readonly string[] {
  const found = driveArguments({ drives, machine }, 1, { drive: () => raw });
  return found.filter((_, index) => found[index - 1] === '-device');
}

const drive = '-drive if=none,id=disk0,rerror=stop,werror=stop,format=raw,file=/i/d.raw,cache=unsafe,discard=unmap,snapshot=on';

test('each way to attach a disk', () => {
  expect(all([disk('virtio')], 'q35')).toBe(`${drive} -device virtio-blk-pci,drive=disk0,bootindex=1`);
  expect(all([disk('scsi')], 'q35')).toBe(
    `${drive} -device virtio-scsi-pci,id=scsi0 -device scsi-hd,drive=disk0,bus=scsi0.0,bootindex=1`,
  );
  expect(all([disk('ahci')], 'q35')).toBe(`${drive} -device ide-hd,drive=disk0,bus=ide.0,bootindex=1`);
  expect(all([disk('ahci')], 'pc')).toBe(`${drive} -device ahci,id=ahci0 -device ide-hd,drive=disk0,bus=ahci0.0,bootindex=1`);
  expect(all([disk('ide')], 'pc')).toBe(`${drive} -device ide-hd,drive=disk0,bus=ide.0,bootindex=1`);
});

test('several disks and CDs each have a place of their own, and boot in their order', () => {
  expect(devices([disk('scsi'), disk('virtio'), disk('scsi'), disk('ahci'), disk('ide'), cdrom], 'q35')).toEqual([
    'virtio-scsi-pci,id=scsi0',
    'scsi-hd,drive=disk0,bus=scsi0.0,bootindex=1',
    'virtio-blk-pci,drive=disk1,bootindex=2',
    'scsi-hd,drive=disk2,bus=scsi0.0,bootindex=3',
    'ide-hd,drive=disk3,bus=ide.0,bootindex=4',
    'ide-hd,drive=disk4,bus=ide.1,bootindex=5',
    'ide-cd,drive=cdrom0,bus=ide.2,bootindex=6',
  ]);
  expect(devices([disk('ide'), disk('ahci'), disk('ahci'), cdrom, cdrom], 'pc')).toEqual([
    'ide-hd,drive=disk0,bus=ide.0,bootindex=1',
    'ahci,id=ahci0',
    'ide-hd,drive=disk1,bus=ahci0.0,bootindex=2',
    'ide-hd,drive=disk2,bus=ahci0.1,bootindex=3',
    'ide-cd,drive=cdrom0,bus=ide.0,unit=1,bootindex=4',
    'ide-cd,drive=cdrom1,bus=ide.1,unit=0,bootindex=5',
  ]);
  expect(devices([cdrom], 'virt')).toEqual(['virtio-scsi-pci,id=scsi0', 'scsi-cd,drive=cdrom0,bus=scsi0.0,bootindex=1']);
});

test('a serial number, a read-only disk, a CD and an empty disk', () => {
  expect(all([disk('virtio', { serial: 'S-1' })], 'q35')).toContain(' -device virtio-blk-pci,drive=disk0,bootindex=1,serial=S-1');
  expect(all([disk('virtio', { readOnly: true })], 'q35')).toContain(
    '-drive if=none,id=disk0,rerror=stop,werror=stop,format=raw,file=/i/d.raw,readonly=on ',
  );
  expect(all([cdrom], 'q35')).toContain('-drive if=none,id=cdrom0,media=cdrom,format=raw,file=/i/d.raw,readonly=on ');
  expect(all([disk('virtio')], 'q35', () => ({ emptyBytes: 1024 }))).toContain(
    'format=raw,file.driver=null-co,file.size=1024,file.read-zeroes=on,cache=unsafe,discard=unmap,snapshot=on ',
  );
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Controllers } from '../../../src/qemu/controllers.ts';
import type { DiskBus } from '../../../src/qemu/drives.ts';
import type { MachineType } from '../../../src/qemu/machine-type.ts';
import { isoImage } from '../../../src/qemu/iso9660.ts';
import { seedArguments, writeSeed } from '../../../src/qemu/seed.ts';

test('the seed is a read-only drive on the bus of the disk, after all other drives there', () => {
  const drive = ['-drive', 'if=none,id=seed0,format=raw,readonly=on,file=/s.iso', '-device'];
  const seed = (bus: DiskBus, machine: MachineType, path?: string): readonly string[] => {
    const controllers = new Controllers(machine);
    if (bus !== 'virtio') controllers.next(bus); // the disk's
    return seedArguments([{ kind: 'disk', bus }], controllers, path);
  };
  expect(seed('virtio', 'q35', '/s.iso')).toEqual([...drive, 'virtio-blk-pci,drive=seed0']);
  expect(seed('scsi', 'q35', '/s.iso')).toEqual([...drive, 'scsi-hd,bus=scsi0.0,drive=seed0']);
  expect(seed('ahci', 'q35', '/s.iso')).toEqual([...drive, 'ide-cd,bus=ide.1,drive=seed0']);
  expect(seed('ahci', 'pc', '/s.iso')).toEqual([...drive, 'ide-cd,bus=ahci0.1,drive=seed0']);
  expect(seed('ide', 'pc', '/s.iso')).toEqual([...drive, 'ide-cd,bus=ide.0,unit=1,drive=seed0']);
  expect(seed('virtio', 'q35')).toEqual([]);
});

test('the line of shell writes the image, and is short although the image is not', () => {
  const directory = mkdtempSync(join(tmpdir(), 'alpy-seed-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const image = isoImage('CIDATA', [{ name: 'user-data', content: Buffer.from('#!/bin/sh\n') }]);
  const path = join(directory, "it's a seed.iso");
  const line = writeSeed(image, path);
  execFileSync('sh', ['-ec', line]);
  expect(readFileSync(path)).toEqual(image);
  expect(image.length).toBeGreaterThan(40_000);
  expect(line.length).toBeLessThan(1500);
});

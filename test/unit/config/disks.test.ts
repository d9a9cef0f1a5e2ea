// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/errors.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import type { Appliance } from '../../../src/config/schema.ts';
import type { Variables } from '../../../src/core/variables.ts';

const resolve = (appliance: unknown, variables: Variables = {}): Appliance =>
  resolveConfig({ file: '/project/alpy.yaml', raw: { appliance }, variables, directory: '/here' }).config.devices[0].appliance;

function problems(appliance: unknown): readonly string[] {
  try {
    resolve(appliance);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('disks and CDs', () => {
  test('paths are relative to the file', () => {
    const found = resolve({
      image: 'a.ova',
      disk: { bus: 'scsi', serial: 'S1' },
      disks: [
        { image: 'b.vhd', format: 'vhd', readOnly: true },
        { sizeMiB: 64, bus: 'ahci' },
      ],
      cdroms: ['c.iso', '/d.iso'],
    });
    expect(found).toMatchObject({
      image: '/project/a.ova',
      disk: { bus: 'scsi', serial: 'S1' },
      disks: [
        { image: '/project/b.vhd', format: 'vhd', readOnly: true },
        { sizeMiB: 64, bus: 'ahci' },
      ],
      cdroms: ['/project/c.iso', '/d.iso'],
    });
  });

  test('a variable may set the bus', () => {
    expect(resolve({ image: 'a' }, { ALPY_APPLIANCE_DISK: 'ide' }).disk).toBe('ide');
  });

  test.each([
    { disk: { sizeMiB: 64 }, cdroms: ['installer.iso'] },
    { cdroms: ['live.iso'] },
    { disks: [{ image: 'a' }] },
    { boot: 'network' },
  ])('%j needs no image', (appliance) => {
    expect(problems(appliance)).toEqual([]);
  });

  test.each<[unknown, string]>([
    [{}, 'appliance.image: expected a disk image, or another key that boots the machine, such as cdroms or kernel, got nothing'],
    [{ image: 'a', disk: 'floppy' }, 'appliance.disk: expected one of virtio, ahci, ide, scsi, or an object, got "floppy"'],
    [{ image: 'a', disk: { bus: 'usb' } }, 'appliance.disk.bus: expected one of virtio, ahci, ide, scsi, got "usb"'],
    [{ image: 'a', disk: { size: 64 } }, 'appliance.disk.size: unknown key. Did you mean sizeMiB?'],
    [{ image: 'a', disk: { sizeMiB: 0 } }, 'appliance.disk.sizeMiB: expected 1 or more, got the number 0'],
    [
      { image: 'a', disk: { serial: 'a b' } },
      'appliance.disk.serial: expected 1 to 20 letters, digits, dots, dashes and underscores, got "a b"',
    ],
    [{ image: 'a', disks: [{}] }, 'appliance.disks.0: expected either image or sizeMiB, got an object'],
    [{ image: 'a', disks: [{ image: 'b', sizeMiB: 1 }] }, 'appliance.disks.0: expected either image or sizeMiB, got an object'],
    [{ image: 'a', disks: [{ imag: 'b' }] }, 'appliance.disks.0.imag: unknown key. Did you mean image?'],
    [{ image: 'a', disks: Array(9).fill({ sizeMiB: 1 }) }, 'appliance.disks: expected a list of at most 8, got a list of 9'],
    [
      { image: 'a', disks: [{ sizeMiB: 1, readOnly: true }] },
      'appliance.disks.0.readOnly: expected false, because an empty disk has nothing to read, got the boolean true',
    ],
    [
      { image: 'a', disk: { bus: 'ide', readOnly: true } },
      'appliance.disk.bus: expected virtio or scsi, because the others have no read-only disks, got "ide"',
    ],
    [{ image: 'a', cdroms: 'c.iso' }, 'appliance.cdroms: expected a list, got "c.iso". Write it as a list: [VALUE]'],
  ])('%j is refused', (appliance, problem) => {
    expect(problems(appliance)).toContain(problem);
  });
});

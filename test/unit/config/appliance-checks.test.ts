// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/errors.ts';
import { overriddenDevices } from '../../../src/config/overrides.ts';
import type { Config } from '../../../src/config/schema.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { rabbit } from '../../support/testbeds.ts';

type Raw = Readonly<Record<string, unknown>>;

function problems(appliance: Raw, links = 2): readonly string[] {
  try {
    const raw = { appliance: { image: 'disk.qcow2', ...appliance }, topology: { links } };
    resolveConfig({ file: '/project/alpy.yaml', raw, directory: '/project' });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('values that do not go together are refused, with what was expected, what was found, and what to do', () => {
  test.each<[Raw, string]>([
    [
      { initrd: 'i' },
      'appliance.initrd: expected a kernel that uses it, got no appliance.kernel. Set appliance.kernel, or remove appliance.initrd',
    ],
    [
      { kernelArgs: 'quiet' },
      'appliance.kernelArgs: expected a kernel that uses it, got no appliance.kernel. Set appliance.kernel, or remove appliance.kernelArgs',
    ],
    [
      { machine: 'pc', firmware: 'uefi-secure-boot' },
      'appliance.firmware: expected machine q35, because uefi-secure-boot needs its system management mode, got pc. Set appliance.machine to q35, or appliance.firmware to uefi',
    ],
    [
      { machine: 'microvm', disk: 'scsi' },
      'appliance.disk: expected virtio, because a microvm has no PCI bus, got scsi. Change it, or set appliance.machine to q35',
    ],
    [
      { machine: 'microvm', nic: 'e1000' },
      'appliance.nic: expected virtio-net-pci, which becomes a NIC without PCI in a microvm, got e1000. Change it, or set appliance.machine to q35',
    ],
    [
      { machine: 'microvm', nics: [{}, { model: 'e1000e' }] },
      'appliance.nic: expected virtio-net-pci, which becomes a NIC without PCI in a microvm, got e1000e. Change it, or set appliance.machine to q35',
    ],
    [
      { machine: 'microvm', disks: [{ sizeMiB: 1, bus: 'ahci' }] },
      'appliance.disks.0.bus: expected virtio, because a microvm has no PCI bus, got ahci. Change it, or set appliance.machine to q35',
    ],
    [
      { machine: 'microvm', cdroms: ['a.iso'] },
      'appliance.cdroms: expected no CD, because a microvm has no PCI bus for its drive, got 1. Change it, or set appliance.machine to q35',
    ],
    [
      { machine: 'microvm', boot: 'network' },
      'appliance.boot: expected disk, because the NICs of a microvm have no boot ROM, got network. Change it, or set appliance.machine to q35',
    ],
    [
      { machine: 'microvm', console: 'firmware' },
      'appliance.console: expected serial or virtio for a microvm, got firmware. Change it, or set appliance.machine to q35',
    ],
    [
      { machine: 'virt', firmware: 'uefi', console: 'firmware' },
      'appliance.console: expected serial or virtio for machine virt, whose UEFI prints to the serial port anyway, got firmware. Remove appliance.console',
    ],
    [
      { machine: 'virt', kernel: 'k', disks: [{ sizeMiB: 1, bus: 'ahci' }] },
      'appliance.disks.0.bus: expected virtio or scsi for machine virt, got ahci. Set appliance.disks.0.bus to virtio',
    ],
    [
      { machine: 'microvm', firmware: 'uefi' },
      'appliance.firmware: expected bios or a file for a microvm, got uefi. Change it, or set appliance.machine to q35',
    ],
    [
      { machine: 'microvm', tpm: '2.0' },
      'appliance.tpm: expected a machine with a place for a TPM, got microvm. Change it, or set appliance.machine to q35',
    ],
    [
      { machine: 'microvm', smbios: { serial: '1' } },
      'appliance.smbios: expected a machine with SMBIOS tables, got microvm. Change it, or set appliance.machine to q35',
    ],
    [
      { machine: 'virt' },
      'appliance.firmware: expected uefi or a file for machine virt, or appliance.kernel, got bios, which ARM does not have. Set appliance.firmware',
    ],
    [
      { machine: 'virt', firmware: 'uefi', disk: 'ide' },
      'appliance.disk: expected virtio or scsi for machine virt, got ide. Set appliance.disk to virtio',
    ],
    [
      { machine: 'virt', firmware: 'uefi', tpm: '1.2' },
      'appliance.tpm: expected 2.0 for machine virt, got 1.2. Set appliance.tpm to 2.0',
    ],
  ])('%j', (appliance, problem) => {
    expect(problems(appliance)).toEqual([problem]);
  });

  test.each<[Raw, number]>([
    [{}, 22],
    [{ image: undefined, kernel: 'k' }, 23],
    [{ image: undefined, kernel: 'k', disk: { sizeMiB: 1 } }, 22],
    [{ console: 'virtio', disks: [{ sizeMiB: 1 }, { sizeMiB: 1 }], cloudInit: { userData: '#!/bin/sh' } }, 18],
  ])('a microvm with %j has places for %i links', (appliance, most) => {
    expect(problems({ machine: 'microvm', ...appliance }, most)).toEqual([]);
    expect(problems({ machine: 'microvm', ...appliance }, most + 1)).toEqual([
      `appliance.machine: expected at most ${most} links for a microvm, because its other devices need ${24 - most} of its 24 places, got topology.links: ${most + 1}. Use fewer links or disks, or set appliance.machine to q35`,
    ]);
  });

  const ahci = (count: number): Raw => ({ disks: Array(count).fill({ sizeMiB: 1, bus: 'ahci' }) });
  test.each<[Raw, string]>([
    [
      { ...ahci(4), disk: 'ide', cdroms: ['a', 'b'] },
      'appliance.disks: expected at most 6 drives on the AHCI controller of machine q35, counting disks with bus ahci or ide, CDs, and the seed of cloudInit beside such a disk, got 7. Set bus to virtio or scsi for some disks, or use fewer CDs',
    ],
    [
      { ...ahci(7), machine: 'pc', cdroms: ['a', 'b'] },
      'appliance.disks: expected at most 6 drives on the AHCI controller of machine pc, counting disks with bus ahci, and the seed of cloudInit beside one, got 7. Set bus to virtio or scsi for some disks, or use fewer CDs',
    ],
    [
      {
        machine: 'pc',
        image: 'a.iso',
        disk: { sizeMiB: 1, bus: 'ide' },
        cdroms: ['a', 'b'],
        cloudInit: { userData: '#!/bin/sh' },
      },
      'appliance.disks: expected at most 4 drives on the IDE controller of machine pc, counting disks with bus ide, CDs, and the seed of cloudInit beside such a disk, got 5. Set bus to virtio or scsi for some disks, or use fewer CDs',
    ],
  ])('more drives than places: %j', (appliance, problem) => {
    expect(problems(appliance)).toEqual([problem]);
  });

  test.each<Raw>([
    { ...ahci(3), disk: 'ahci', cdroms: ['a', 'b'] },
    { ...ahci(6), machine: 'pc', cdroms: ['a', 'b', 'c', 'd'] },
    { ...ahci(5), cdroms: ['a'], cloudInit: { userData: '#!/bin/sh' } },
    { image: undefined, kernel: 'k', disk: 'ahci', ...ahci(6) },
    { disks: Array(8).fill({ sizeMiB: 1, bus: 'scsi' }), cdroms: ['a', 'b', 'c', 'd'] },
  ])('as many drives as places: %j', (appliance) => {
    expect(problems(appliance)).toEqual([]);
  });

  test('an appliance that a test overrides', () => {
    expect(() => {
      const config = { appliances: { appliance: rabbit() } } as unknown as Config;
      overriddenDevices(config, { appliance: { initrd: '/i' }, topology: { links: 2 } }, '/project', () => true);
    }).toThrow(/^test\.override: appliance\.initrd: expected a kernel/);
  });
});

describe('bad values of a key are refused', () => {
  test.each<[Raw, string]>([
    [
      { firmware: 'coreboot' },
      'appliance.firmware: expected bios, uefi, uefi-secure-boot, or a file: { file: PATH }, for UEFI with { variables: PATH }, too, got "coreboot"',
    ],
    [
      { files: { [`opt/${'x'.repeat(52)}`]: 'a' } },
      `appliance.files.opt/${'x'.repeat(52)}: expected a name of at most 55 characters, got "opt/${'x'.repeat(52)}"`,
    ],
    [{ files: { 'opt/x': 3 } }, 'appliance.files.opt/x: expected the path of a file, or { text: TEXT }, got the number 3'],
    [{ smbios: { uuid: '12' } }, 'appliance.smbios.uuid: expected a UUID such as 5f0c3a1e-6d1b-4c9e-9b57-0242ac110002, got "12"'],
    [{ smbios: { serial: 'ü' } }, 'appliance.smbios.serial: expected printable ASCII text, got "ü"'],
    [{ smbios: { bios: { date: '2026' } } }, 'appliance.smbios.bios.date: expected a date as MM/DD/YYYY, got "2026"'],
    [{ console: 'vga' }, 'appliance.console: expected one of serial, virtio, firmware, got "vga"'],
    [{ tpm: '3.0' }, 'appliance.tpm: expected one of 2.0, 1.2, got "3.0"'],
    [
      { files: { config: 'x' } },
      'appliance.files.config: expected a name that starts with opt/, without blanks and commas, such as opt/com.example/config, got "config"',
    ],
  ])('%j', (appliance, problem) => {
    expect(problems(appliance)).toEqual([problem]);
  });
});

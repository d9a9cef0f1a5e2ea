// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { startProblem } from '../../../src/qemu/start-problem.ts';

test.each([
  [
    "qemu-system-x86_64: unable to find CPU model 'pentium9'",
    'appliance.cpu: expected a CPU model that QEMU has for this machine, got pentium9. See -cpu help of QEMU, or remove the key',
  ],
  [
    "qemu-system-x86_64: CPU model 'host' requires KVM or HVF",
    'appliance.cpu: expected a CPU model that QEMU can emulate, got host, which needs KVM. Set it to max, or remove the key',
  ],
  [
    "qemu-system-x86_64: error: Host doesn't support requested features",
    'appliance.cpu: expected a CPU model whose features KVM has on this machine, got one with others. Choose an older model, or remove the key',
  ],
  [
    "qemu-system-x86_64: -device virtio-scsi-pci,id=scsi0: No 'PCI' bus found for device 'virtio-scsi-pci'",
    'appliance.machine: expected a machine with a PCI bus, because a CD or an argument in appliance.qemuArgs needs one, got microvm. Set appliance.machine to q35',
  ],
  [
    "qemu-system-x86_64: -device ide-cd,drive=cdrom4,bus=ide.6,bootindex=7: Bus 'ide.6' not found",
    'appliance.disks: expected at most as many drives as the machine has places for, counting an image that is a CD, got more. Set bus to virtio or scsi for some disks, or use fewer CDs',
  ],
  [
    "qemu-system-x86_64: -device ide-hd,drive=disk6,bus=ahci0.6,bootindex=7: Bus 'ahci0.6' not found",
    'appliance.disks: expected at most as many drives as the machine has places for, counting an image that is a CD, got more. Set bus to virtio or scsi for some disks, or use fewer CDs',
  ],
])('%s', (stderr, problem) => {
  expect(startProblem(stderr)).toBe(problem);
});

test.each([
  ['qemu: invalid kernel header', /^appliance\.kernel: /],
  ["qemu-system-aarch64: could not load kernel '/alpy/files/0/x'", /^appliance\.kernel: /],
  ["qemu: could not load PC BIOS '/alpy/files/0/x'", /^appliance\.firmware: /],
])('%s', (stderr, problem) => {
  expect(startProblem(stderr)).toMatch(problem);
});

test('other errors of QEMU are no problem of a key', () => {
  expect(startProblem('qemu-system-x86_64: -drive file=x: Could not open x')).toBeUndefined();
});

// SPDX-License-Identifier: GPL-3.0-or-later

/** What QEMU 10.0 prints if it cannot start with a value of the configuration, and what to say then. */
const problems: readonly { readonly pattern: RegExp; readonly text: (found: string) => string }[] = [
  {
    pattern: /unable to find CPU model '([^']*)'/,
    text: (found) =>
      `appliance.cpu: expected a CPU model that QEMU has for this machine, got ${found}. See -cpu help of QEMU, or remove the key`,
  },
  {
    pattern: /CPU model '([^']*)' requires KVM/,
    text: (found) =>
      `appliance.cpu: expected a CPU model that QEMU can emulate, got ${found}, which needs KVM. Set it to max, or remove the key`,
  },
  {
    pattern: /(?:KVM|Host|host) doesn't support requested features?/,
    text: () =>
      'appliance.cpu: expected a CPU model whose features KVM has on this machine, got one with others. Choose an older model, or remove the key',
  },
  {
    pattern: /(?:could not load kernel|invalid kernel header|Error loading uncompressed kernel|kernel too (?:old|large))[^\n]*/i,
    text: () =>
      'appliance.kernel: expected a Linux kernel for this machine, such as a vmlinuz file, got something else. Name the kernel itself, not an archive or a disk image',
  },
  {
    pattern: /No 'PCI' bus found for device/,
    text: () =>
      'appliance.machine: expected a machine with a PCI bus, because a CD or an argument in appliance.qemuArgs needs one, got microvm. Set appliance.machine to q35',
  },
  {
    pattern: /Bus '(?:ide|ahci0)\.\d+' not found/,
    text: () =>
      'appliance.disks: expected at most as many drives as the machine has places for, counting an image that is a CD, got more. Set bus to virtio or scsi for some disks, or use fewer CDs',
  },
  {
    pattern:
      /(?:could not load PC BIOS|Could not find ROM image|device requires \d+ bytes, block backend provides|system firmware block device \S+ has invalid size)[^\n]*/i,
    text: () =>
      'appliance.firmware: expected a firmware file for this machine, got something else. A BIOS has a size of 64, 128 or 256 KiB or a multiple; give UEFI with its variables as { file, variables }',
  },
];

/** Explains why QEMU did not start if a value of the configuration is the reason; undefined if the reason is another one. Pure. */
export function startProblem(stderr: string): string | undefined {
  for (const { pattern, text } of problems) {
    const found = pattern.exec(stderr);
    if (found) return text(found[1] ?? '');
  }
  return undefined;
}

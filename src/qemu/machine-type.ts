// SPDX-License-Identifier: GPL-3.0-or-later

/** QEMU's machine types. `virt` has a 64-bit ARM processor; `microvm` has no PCI bus. */
export type MachineType = 'q35' | 'pc' | 'microvm' | 'virt';

/** Whether a machine has an ARM processor, so that QEMU emulates it on every host that alpy supports. */
export function isArm(machine: MachineType): boolean {
  return machine === 'virt';
}

/** The program that runs a machine. */
export function programOf(machine: MachineType): string {
  return isArm(machine) ? 'qemu-system-aarch64' : 'qemu-system-x86_64';
}

/** The name of the container image that runs a machine. */
export function imageNameOf(machine: MachineType): 'qemu' | 'qemu-arm64' {
  return isArm(machine) ? 'qemu-arm64' : 'qemu';
}

/** The name of a virtio device on the bus of a machine, such as `virtio-blk-pci`. */
export function virtioDevice(machine: MachineType, kind: 'blk' | 'net' | 'rng' | 'serial'): string {
  return `virtio-${kind}-${machine === 'microvm' ? 'device' : 'pci'}`;
}

/** The devices that every machine of a type has: a screen, a source of random numbers, and what tells a guest about panics and copies. */
export function commonDevices(machine: MachineType): readonly string[] {
  switch (machine) {
    case 'microvm':
      return ['-display', 'none', '-device', 'virtio-rng-device'];
    case 'virt':
      return ['-display', 'none', '-device', 'ramfb', '-device', 'virtio-rng-pci', '-device', 'pvpanic-pci'];
    default:
      return [
        ...['-display', 'none', '-vga', 'std'],
        // vmgenid: a restored guest reseeds its random numbers, so that no two guests get the same
        ...['-device', 'virtio-rng-pci', '-device', 'pvpanic', '-device', 'vmgenid,guid=auto'],
      ];
  }
}

/**
 * The processor of a machine that names none.
 * TCG emulates the pointer authentication of newer ARM processors slowly, and old kernels do not boot on the addresses of the newest.
 */
export function defaultCpu(machine: MachineType, accel: 'kvm' | 'tcg'): string {
  if (isArm(machine)) return 'neoverse-n1';
  return accel === 'kvm' ? 'host' : 'max';
}

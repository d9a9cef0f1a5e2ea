// SPDX-License-Identifier: GPL-3.0-or-later
import { placeProblems, type DriveKeys } from './drive-places.ts';
import type { Appliance } from './schema.ts';

/** Keys whose values depend on each other. */
export type MachineKeys = DriveKeys &
  Pick<Appliance, 'firmware' | 'kernel' | 'initrd' | 'kernelArgs' | 'console' | 'smbios' | 'tpm' | 'nic' | 'nics' | 'boot'>;

/** The places for virtio devices in a microvm of QEMU 10.0. */
const microvmPlaces = 24;

/**
 * Finds values of an appliance that do not go together. Each problem says what was expected, what was found, and what to do. Pure.
 * @param links - the number of its NICs
 * @param dut - name of the device; absent for the short form of the topology
 */
export function applianceProblems(appliance: MachineKeys, links: number, dut?: string): readonly string[] {
  return [
    ...kernelProblems(appliance),
    ...firmwareProblems(appliance),
    ...microvmProblems(appliance, links, dut),
    ...virtProblems(appliance),
    ...placeProblems(appliance),
  ].map((problem) => `appliance.${problem}`);
}

function kernelProblems({ kernel, initrd, kernelArgs }: MachineKeys): readonly string[] {
  if (kernel !== undefined) return [];
  const alone = Object.entries({ initrd, kernelArgs }).filter(([, value]) => value !== undefined);
  return alone.map(
    ([key]) =>
      `${key}: expected a kernel that uses it, got no appliance.kernel. Set appliance.kernel, or remove appliance.${key}`,
  );
}

function firmwareProblems({ machine, firmware }: MachineKeys): readonly string[] {
  if (firmware === 'uefi-secure-boot' && machine === 'pc')
    return [
      'firmware: expected machine q35, because uefi-secure-boot needs its system management mode, got pc. Set appliance.machine to q35, or appliance.firmware to uefi',
    ];
  return [];
}

function microvmProblems(appliance: MachineKeys, links: number, dut: string | undefined): readonly string[] {
  const { machine, firmware, cdroms = [], nic, nics = [], boot, smbios, tpm, console } = appliance;
  if (machine !== 'microvm') return [];
  const other = [nic, ...nics.map(({ model }) => model)].find((model) => model !== undefined && model !== 'virtio-net-pci');
  const mostLinks = microvmPlaces - otherVirtioDevices(appliance);
  const remedy = 'Change it, or set appliance.machine to q35';
  return [
    ...busesOf(appliance).flatMap(([key, bus]) =>
      bus === 'virtio' ? [] : [`${key}: expected virtio, because a microvm has no PCI bus, got ${bus}. ${remedy}`],
    ),
    ...(cdroms.length > 0
      ? [`cdroms: expected no CD, because a microvm has no PCI bus for its drive, got ${cdroms.length}. ${remedy}`]
      : []),
    ...(other === undefined
      ? []
      : [`nic: expected virtio-net-pci, which becomes a NIC without PCI in a microvm, got ${other}. ${remedy}`]),
    ...(links > mostLinks
      ? [
          `machine: expected at most ${mostLinks} links for a microvm, because its other devices need ${microvmPlaces - mostLinks} of its ${microvmPlaces} places, got ${dut === undefined ? `topology.links: ${links}` : `${links} of ${dut}`}. Use fewer links or disks, or set appliance.machine to q35`,
        ]
      : []),
    ...(firmware === 'uefi' || firmware === 'uefi-secure-boot'
      ? [`firmware: expected bios or a file for a microvm, got ${firmware}. ${remedy}`]
      : []),
    ...(boot === 'network'
      ? [`boot: expected disk, because the NICs of a microvm have no boot ROM, got network. ${remedy}`]
      : []),
    ...(smbios ? [`smbios: expected a machine with SMBIOS tables, got microvm. ${remedy}`] : []),
    ...(tpm === undefined ? [] : [`tpm: expected a machine with a place for a TPM, got microvm. ${remedy}`]),
    ...(console === 'firmware' ? [`console: expected serial or virtio for a microvm, got firmware. ${remedy}`] : []),
  ];
}

/** Virtio devices of a microvm besides its NICs: the source of random numbers, a console, disks and the seed of cloudInit. */
function otherVirtioDevices({ console, image, disk, disks = [], cloudInit }: MachineKeys): number {
  const hasDisk = image !== undefined || (typeof disk === 'object' && disk.sizeMiB !== undefined);
  return 1 + disks.length + [console === 'virtio', hasDisk, cloudInit !== undefined].filter(Boolean).length;
}

/** The buses of the disks, each with its key. */
function busesOf({ disk, disks = [] }: MachineKeys): readonly (readonly [key: string, bus: string])[] {
  const main = typeof disk === 'string' ? (['disk', disk] as const) : (['disk.bus', disk?.bus ?? 'virtio'] as const);
  return [main, ...disks.map(({ bus = 'virtio' }, index) => [`disks.${index}.bus`, bus] as const)];
}

function virtProblems(appliance: MachineKeys): readonly string[] {
  const { machine, firmware, kernel, tpm, console } = appliance;
  if (machine !== 'virt') return [];
  return [
    ...(firmware === 'bios' && kernel === undefined
      ? [
          'firmware: expected uefi or a file for machine virt, or appliance.kernel, got bios, which ARM does not have. Set appliance.firmware',
        ]
      : []),
    ...busesOf(appliance).flatMap(([key, bus]) =>
      bus === 'ide' || bus === 'ahci'
        ? [`${key}: expected virtio or scsi for machine virt, got ${bus}. Set appliance.${key} to virtio`]
        : [],
    ),
    ...(tpm === '1.2' ? ['tpm: expected 2.0 for machine virt, got 1.2. Set appliance.tpm to 2.0'] : []),
    ...(console === 'firmware'
      ? [
          'console: expected serial or virtio for machine virt, whose UEFI prints to the serial port anyway, got firmware. Remove appliance.console',
        ]
      : []),
  ];
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { PartitionTable } from './partition-table.ts';
import type { Trouble } from './signs.ts';

/** Firmware that the user has: its absolute path. */
export interface FirmwareFile {
  readonly file: string;
}

/** The hardware with which a boot is tried. */
export interface Hardware {
  readonly machine: 'q35' | 'pc';
  readonly firmware: 'bios' | 'uefi' | FirmwareFile;
  /** absent if the image is a CD, or there is no image */
  readonly disk?: 'virtio' | 'ahci' | 'scsi' | 'ide' | undefined;
  readonly memoryMiB: number;
}

/** What is known of earlier tries, in order. */
export interface Try {
  readonly hardware: Hardware;
  readonly trouble: Trouble | 'silent';
}

const disks = ['virtio', 'ahci', 'scsi', 'ide'] as const;
const startMemoryMiB = 512;
const maxMemoryMiB = 4096;

/**
 * The hardware for the first try. UEFI goes first only if a BIOS would find nothing.
 * @param isDisk - whether the image is a disk, and not a CD
 */
export function firstHardware({ hasEfi, hasBootCode }: PartitionTable, isDisk: boolean, memoryMiB = startMemoryMiB): Hardware {
  const firmware = hasEfi && !hasBootCode ? 'uefi' : 'bios';
  return { machine: 'q35', firmware, ...(isDisk ? { disk: disks[0] } : {}), memoryMiB };
}

/**
 * The hardware for the next try; `undefined` if there is nothing left that could help. Pure.
 * @param tries - at least one
 */
export function nextHardware(tries: readonly Try[]): Hardware | undefined {
  const last = tries.at(-1);
  if (!last) return undefined;
  const { hardware, trouble } = last;
  const candidates = {
    'no-memory': moreMemory,
    'no-root': otherDisks,
    'no-boot': otherFirmware,
    panic: otherDisks,
    silent: otherFirmware,
  };
  return candidates[trouble](hardware).find((one) => !tries.some((tried) => isSame(tried.hardware, one)));
}

function moreMemory(hardware: Hardware): readonly Hardware[] {
  const memoryMiB = hardware.memoryMiB * 2;
  return memoryMiB > maxMemoryMiB ? [] : [{ ...hardware, memoryMiB }];
}

/** An IDE bus is only in the older machine. */
function otherDisks(hardware: Hardware): readonly Hardware[] {
  if (hardware.disk === undefined) return [];
  return disks.map((disk) => ({ ...hardware, disk, machine: disk === 'ide' ? 'pc' : 'q35' }));
}

/** A firmware may also lack a driver for the disk. That of the user stays. */
function otherFirmware(hardware: Hardware): readonly Hardware[] {
  const others: readonly Hardware[] =
    typeof hardware.firmware === 'object' ? [] : [{ ...hardware, firmware: hardware.firmware === 'bios' ? 'uefi' : 'bios' }];
  if (hardware.disk === undefined) return others;
  return [...others, ...[hardware, ...others].map((one) => ({ ...one, disk: 'ahci' as const }))];
}

function isSame(one: Hardware, other: Hardware): boolean {
  return (['machine', 'firmware', 'disk', 'memoryMiB'] as const).every((key) => one[key] === other[key]);
}

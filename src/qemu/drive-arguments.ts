// SPDX-License-Identifier: GPL-3.0-or-later
import { escapeCommas } from '../core/qemu-arguments.ts';
import { Controllers } from './controllers.ts';
import { driveIds, type DriveSpec } from './drives.ts';
import type { MachineType } from './machine-type.ts';
import { seedArguments } from './seed.ts';

/** The content of a drive. */
export type DriveFile =
  | {
      readonly path: string;
      readonly format: string;
      /** whether the guest writes to this file; else it writes to a temporary file that is removed with QEMU */
      readonly isWritten: boolean;
      /** the backing file of this overlay, in place of the one that it names */
      readonly backing?: { readonly path: string; readonly format: string } | undefined;
    }
  | {
      /** size of an empty disk whose content is lost with QEMU, in `bytes` */
      readonly emptyBytes: number;
    };

/** A drive, as its arguments are made from it. */
interface PlacedDrive {
  readonly id: string;
  readonly spec: DriveSpec;
  readonly file: DriveFile;
  readonly bootIndex: number;
}

/** What is in the drives. */
interface DriveContents {
  /** the content of a drive, by its index */
  readonly drive: (index: number) => DriveFile;
  /** image of the seed for cloud-init; absent for none */
  readonly seed?: string | undefined;
}

/**
 * Arguments for the disks and CDs of a machine. The firmware tries to boot them in their order. Pure.
 * @param firstBootIndex - place of the first one in the order in which the firmware tries to boot
 */
export function driveArguments(
  { drives, machine }: { readonly drives: readonly DriveSpec[]; readonly machine: MachineType },
  firstBootIndex: number,
  contents: DriveContents,
): readonly string[] {
  const controllers = new Controllers(machine);
  const ids = driveIds(drives);
  const all = drives.flatMap((spec, index) => {
    const drive = { id: ids[index] ?? '', spec, file: contents.drive(index), bootIndex: firstBootIndex + index };
    return ['-drive', driveArgument(drive), ...deviceArguments(drive, controllers)];
  });
  return [...all, ...seedArguments(drives, controllers, contents.seed)];
}

function driveArgument({ id, spec, file }: PlacedDrive): string {
  // an I/O error of this machine stops the guest, because the guest did not cause it
  const start = `if=none,id=${id},rerror=stop,werror=stop`;
  if ('emptyBytes' in file) {
    const empty = `format=raw,file.driver=null-co,file.size=${file.emptyBytes},file.read-zeroes=on`;
    return `${start},${empty},cache=unsafe,discard=unmap,snapshot=on`;
  }
  const content = `format=${file.format},file=${escapeCommas(file.path)}`;
  if (spec.kind === 'cdrom') return `if=none,id=${id},media=cdrom,${content},readonly=on`;
  if (spec.readOnly === true) return `${start},${content},readonly=on`;
  return [
    `${start},${content}`,
    // what the guest has written is not needed after a crash
    `cache=unsafe,discard=unmap,snapshot=${file.isWritten ? 'off' : 'on'}`,
    ...(file.backing
      ? [
          `backing.driver=${file.backing.format},backing.file.driver=file,backing.file.filename=${escapeCommas(file.backing.path)}`,
        ]
      : []),
  ].join(',');
}

function deviceArguments({ id, spec, bootIndex }: PlacedDrive, controllers: Controllers): readonly string[] {
  const serial = spec.kind === 'disk' && spec.serial !== undefined ? `,serial=${spec.serial}` : '';
  const end = `bootindex=${bootIndex}${serial}`;
  const bus = spec.kind === 'cdrom' ? controllers.cdromBus : spec.bus;
  if (bus === 'virtio') return ['-device', `${controllers.virtioDisk},drive=${id},${end}`];
  const [first, place] = controllers.next(bus);
  const model = { disk: bus === 'scsi' ? 'scsi-hd' : 'ide-hd', cdrom: bus === 'scsi' ? 'scsi-cd' : 'ide-cd' }[spec.kind];
  return [...first, '-device', `${model},drive=${id},${place},${end}`];
}

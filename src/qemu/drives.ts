// SPDX-License-Identifier: GPL-3.0-or-later
import type { ApplianceFile } from './appliance-files.ts';
import type { DiskImage } from './disk-image.ts';
import type { FileIdentity } from './file-identity.ts';

/** How a disk is attached. */
export type DiskBus = 'virtio' | 'ahci' | 'ide' | 'scsi';

/** A disk or CD drive of a machine, without its content. */
export type DriveSpec =
  | {
      readonly kind: 'disk';
      readonly bus: DiskBus;
      /** serial number that the guest sees */
      readonly serial?: string | undefined;
      readonly readOnly?: boolean | undefined;
    }
  | { readonly kind: 'cdrom' };

/** A drive with its content. */
export interface Drive {
  readonly spec: DriveSpec;
  /** its image; absent for an empty disk */
  readonly image?: DiskImage | undefined;
  /** size that the guest sees, in `bytes` */
  readonly virtualBytes: number;
  /** absolute path of the configured file, after following links; absent for an empty disk */
  readonly source?: string | undefined;
  /** whether the image was unpacked from the configured file */
  readonly isUnpacked: boolean;
}

/** The drives of a machine after their inspection. Plain data. */
export interface InspectedDisks {
  /** the disks come first, in the order in which the firmware tries to boot them */
  readonly drives: readonly Drive[];
  /** version of the QEMU that inspected them, such as `10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)` */
  readonly qemuVersion: string;
  /** hash of the firmware and ROMs of that QEMU */
  readonly firmware: string;
  /** the files that other keys of the appliance name; absent if they name no files */
  readonly named?: readonly ApplianceFile[] | undefined;
}

/** All files of this machine that QEMU reads for an appliance: those of its drives, and those that other keys name. Pure. */
export function allFilesOf({ drives, named = [] }: InspectedDisks): readonly FileIdentity[] {
  return [...drives.flatMap(({ image }) => image?.files ?? []), ...named.flatMap(({ parts }) => parts)];
}

/** The files that the configuration names, and those that their images need. */
export function configuredFiles({ drives, named = [] }: InspectedDisks): readonly string[] {
  const ofDrives = drives.flatMap(({ image, source, isUnpacked }) => {
    if (isUnpacked) return source ?? [];
    return image?.files.map(({ path }) => path) ?? [];
  });
  return [...ofDrives, ...named.flatMap(({ parts }) => parts.map(({ path }) => path))];
}

/** Whether the guest may write to a drive. */
export function isWritable({ spec }: Drive): boolean {
  return spec.kind === 'disk' && spec.readOnly !== true;
}

/** The same with all disks attached in another way. Pure. */
export function onBus(disks: InspectedDisks, bus: DiskBus): InspectedDisks {
  const drives = disks.drives.map((drive) => (drive.spec.kind === 'disk' ? { ...drive, spec: { ...drive.spec, bus } } : drive));
  return { ...disks, drives };
}

/** Whether it is an identifier of {@link driveIds}. */
export function isDriveId(text: string): boolean {
  return /^(?:disk|cdrom)\d+$/.test(text);
}

/** QEMU's identifier of each drive: `disk0`, `disk1`, …, `cdrom0`, … */
export function driveIds(drives: readonly DriveSpec[]): readonly string[] {
  const count = { disk: 0, cdrom: 0 };
  return drives.map(({ kind }) => `${kind}${count[kind]++}`);
}

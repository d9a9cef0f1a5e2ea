// SPDX-License-Identifier: GPL-3.0-or-later
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { allOrAbort } from '../core/all-or-abort.ts';
import { findDiskFile, type DiskFormat, type DiskImage } from './disk-image.ts';
import { probeDisk, probeQemu, type DiskPlace } from './disk-probe.ts';
import type { DiskBus, Drive, DriveSpec, InspectedDisks } from './drives.ts';
import { DiskImageError } from './errors.ts';
import { contentKind, isPacked, type ContentKind } from './unpack/content-kind.ts';
import { wholeFile } from './unpack/part.ts';
import { unpackImage } from './unpack/unpack-image.ts';

/** A format as the configuration names it. */
type NamedFormat = Exclude<DiskFormat, 'vpc'> | 'vhd' | 'auto';

/** A disk as the configuration describes it. */
interface DiskDescription {
  readonly bus?: DiskBus | undefined;
  readonly sizeMiB?: number | undefined;
  readonly serial?: string | undefined;
  readonly readOnly?: boolean | undefined;
}

/** The disks and CDs of an appliance, as the configuration describes them. */
export interface DiskQuestion {
  /** absolute path */
  readonly image?: string | undefined;
  readonly format: NamedFormat;
  readonly disk?: DiskBus | DiskDescription | undefined;
  readonly disks?:
    readonly (DiskDescription & { readonly image?: string | undefined; readonly format?: NamedFormat | undefined })[] | undefined;
  readonly cdroms?: readonly string[] | undefined;
}

/**
 * Inspects the disks and CDs of an appliance, and unpacks those that are compressed or in an archive.
 * @throws DiskImageError if one is missing, truncated, damaged, or no disk or CD image, or QEMU's user may not read it
 * @throws ContainerError when the daemon refuses to run qemu-img
 */
export async function inspectDisks(question: DiskQuestion, place: DiskPlace, signal?: AbortSignal): Promise<InspectedDisks> {
  const { disks = [], cdroms = [] } = question;
  const [main, further, compactDiscs] = await allOrAbort(signal, [
    (abort: AbortSignal) => mainDrives(question, place, abort),
    (abort: AbortSignal) =>
      allOrAbort(
        abort,
        disks.map((disk) => (one: AbortSignal) => furtherDisk(disk, place, one)),
      ),
    (abort: AbortSignal) =>
      allOrAbort(
        abort,
        cdroms.map((path) => (one: AbortSignal) => cdrom(path, place, one)),
      ),
  ]);
  const all = [...main, ...further, ...compactDiscs];
  const drives = [...all.filter(({ spec }) => spec.kind === 'disk'), ...all.filter(({ spec }) => spec.kind === 'cdrom')];
  const image = drives.find((drive) => drive.image !== undefined)?.image;
  const { qemuVersion, firmware } = image ?? (await probeQemu(place, signal));
  return { drives, qemuVersion, firmware };
}

/** The drives of `image` and `disk`: a disk, an empty disk, or a CD with or without an empty disk. */
async function mainDrives(
  { image, format, disk = {} }: DiskQuestion,
  place: DiskPlace,
  signal: AbortSignal,
): Promise<readonly Drive[]> {
  const description = typeof disk === 'string' ? { bus: disk } : disk;
  const { sizeMiB, bus } = description;
  const empty = sizeMiB === undefined ? [] : [emptyDisk(description, sizeMiB)];
  if (image === undefined) return empty;
  const file = await findFile('image', image, format, place, signal);
  const { kind, source } = file;
  if (kind.kind === 'iso' && (bus === undefined || sizeMiB !== undefined))
    return [...empty, await compactDisc(file, place, signal)];
  if (sizeMiB !== undefined)
    throw new DiskImageError(
      source,
      'expected a CD image (ISO), because appliance.disk.sizeMiB adds an empty disk, got a disk image. Remove sizeMiB, or add the empty disk to appliance.disks',
    );
  if (kind.kind === 'iso' && !kind.isHybrid)
    throw new DiskImageError(
      source,
      'expected a disk image, because appliance.disk names a bus, got a CD image (ISO 9660) without a boot sector. Remove appliance.disk to attach it as a CD',
    );
  return [await diskDrive(file, format, diskSpec(description), place, signal)];
}

async function furtherDisk(
  disk: NonNullable<DiskQuestion['disks']>[number],
  place: DiskPlace,
  signal: AbortSignal,
): Promise<Drive> {
  const { image, format = 'auto', sizeMiB = 0 } = disk;
  if (image === undefined) return emptyDisk(disk, sizeMiB);
  const file = await findFile('disks', image, format, place, signal);
  return diskDrive(file, format, diskSpec(disk), place, signal);
}

async function cdrom(path: string, place: DiskPlace, signal: AbortSignal): Promise<Drive> {
  const file = await findFile('cdroms', path, 'auto', place, signal);
  if (file.kind.kind === 'iso') return compactDisc(file, place, signal);
  throw new DiskImageError(
    file.source,
    'expected a CD image (ISO 9660 or UDF), because appliance.cdroms names it, got another file. If it is a disk image, move it to appliance.disks',
  );
}

/** A file with an image, unpacked. */
interface FoundFile {
  /** real path of the configured file */
  readonly source: string;
  /** path of the image */
  readonly path: string;
  readonly kind: ContentKind;
}

async function findFile(
  key: 'image' | 'disks' | 'cdroms',
  path: string,
  format: NamedFormat,
  place: DiskPlace,
  signal: AbortSignal,
): Promise<FoundFile> {
  const named = resolve(path);
  await findDiskFile(named, `appliance.${key}`);
  const source = await realpath(named); // the target of a link may be outside the mounted folder
  const isRaw = format === 'raw';
  const kind = await contentKind(await wholeFile(source, ''), isRaw);
  if (kind.kind === 'unsupported') throw new DiskImageError(source, `${kind.text}, and set appliance.${key} to the disk in it`);
  if (!isPacked(kind)) return { source, path: source, kind };
  const unpacked = await unpackImage(source, place, signal);
  return { source, path: unpacked, kind: await contentKind(await wholeFile(unpacked, ''), isRaw) };
}

async function diskDrive(
  { source, path, kind }: FoundFile,
  format: NamedFormat,
  spec: DriveSpec,
  place: DiskPlace,
  signal: AbortSignal,
): Promise<Drive> {
  const isUnpacked = path !== source;
  const image = await probe(path, source, expectedFormat(format, kind), isUnpacked, place, signal);
  return { spec, image, virtualBytes: image.virtualBytes, source, isUnpacked };
}

async function probe(
  path: string,
  source: string,
  expected: DiskFormat | 'auto',
  isUnpacked: boolean,
  place: DiskPlace,
  signal: AbortSignal,
): Promise<DiskImage> {
  try {
    return await probeDisk({ path, expected, isWhole: isUnpacked }, place, signal);
  } catch (error) {
    if (!isUnpacked || !(error instanceof DiskImageError)) throw error;
    throw new DiskImageError(source, `the disk in it, unpacked as ${error.message.replace(/^disk image /, '')}`, {
      cause: error,
    });
  }
}

function expectedFormat(format: NamedFormat, { kind }: ContentKind): DiskFormat | 'auto' {
  if (format === 'vhd' || (format === 'auto' && kind === 'vhd')) return 'vpc';
  return format === 'auto' && kind === 'iso' ? 'raw' : format;
}

async function compactDisc({ source, path }: FoundFile, place: DiskPlace, signal: AbortSignal): Promise<Drive> {
  const isUnpacked = path !== source;
  const image = await probe(path, source, 'raw', isUnpacked, place, signal);
  return { spec: { kind: 'cdrom' }, image, virtualBytes: image.virtualBytes, source, isUnpacked };
}

function emptyDisk(description: DiskDescription, sizeMiB: number): Drive {
  return { spec: diskSpec(description), virtualBytes: sizeMiB * 1024 ** 2, isUnpacked: false };
}

function diskSpec({ bus = 'virtio', serial, readOnly }: DiskDescription): DriveSpec {
  return {
    kind: 'disk',
    bus,
    ...(serial === undefined ? {} : { serial }),
    ...(readOnly === undefined ? {} : { readOnly }),
  };
}

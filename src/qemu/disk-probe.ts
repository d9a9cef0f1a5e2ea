// SPDX-License-Identifier: GPL-3.0-or-later
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { step } from '../core/step.ts';
import { Container, helperLimits, imageId, type Engine, type FileAccess } from '../docker/index.ts';
import { DiskCache } from './disk-cache.ts';
import { findDiskFile, judgeDisk, type DiskFormat, type DiskImage, type DiskReport } from './disk-image.ts';
import { recogniseWrapping } from './disk-wrapping.ts';
import { DiskImageError } from './errors.ts';
import { assertBaseIsBeside } from './overlay-place.ts';
import { imageFolder } from './qemu-files.ts';
import { assertReadable } from './readable.ts';

/**
 * Prints both reports, the errors, QEMU's version, and a hash of all firmware and ROMs that QEMU may load without being asked.
 * Between them are lines that JSON cannot contain.
 */
const script = `cat /usr/share/seabios/*.bin /usr/share/qemu/*.bin /usr/share/qemu/*.rom /usr/share/OVMF/OVMF_*_4M.fd \\
  2>/dev/null | sha256sum >/tmp/firmware &
qemu-img info --backing-chain --output=json -- "$1" 2>/tmp/errors
printf '\\n---\\n'
format=$(qemu-img info -- "$1" 2>/dev/null | sed -n 's/^file format: //p')
case $format in qcow2|vdi|vhdx|vmdk) qemu-img check --output=json -f "$format" -- "$1" 2>>/tmp/errors ;; esac
printf '\\n---\\n'
cat /tmp/errors
printf '\\n---\\n'
qemu-system-x86_64 --version | sed -n 's/^QEMU emulator version //p'
printf '\\n---\\n'
wait
cut -d' ' -f1 /tmp/firmware`;

/** How long qemu-img may take, in `ms`: it reads all tables of the image, from a disk that may be slow. */
const timeoutMs = 120_000;

/** Where a disk image is inspected. */
export interface DiskPlace {
  readonly engine: Engine;
  /** the `qemu` image */
  readonly image: string;
  readonly access: FileAccess;
  /** file that caches what was found out about usable images; absent to inspect the image in any case */
  readonly cacheFile?: string | undefined;
}

/**
 * Inspects a disk image with QEMU's tools.
 * @param file - path of the image
 * @param expected - its format as configured
 * @throws DiskImageError if it is missing, truncated, damaged or not a disk image, or QEMU's user may not read it
 * @throws ContainerError when the daemon refuses to run qemu-img
 */
export async function inspectDisk(
  file: string,
  expected: DiskFormat | 'auto',
  place: DiskPlace,
  signal?: AbortSignal,
): Promise<DiskImage> {
  const disk = await findDisk(file, expected, place, signal);
  if (place.access.kind !== 'copy') await assertReadable(disk.files); // copies can be read in any case
  return disk;
}

async function findDisk(file: string, expected: DiskFormat | 'auto', place: DiskPlace, signal?: AbortSignal): Promise<DiskImage> {
  const named = resolve(file);
  await findDiskFile(named);
  const path = await realpath(named); // the target of a link may be outside the mounted folder
  const wrapping = await recogniseWrapping(path, expected === 'raw');
  if (wrapping !== undefined) throw new DiskImageError(path, wrapping);
  if (place.access.kind !== 'volumes-from' && expected !== 'raw') await assertBaseIsBeside(path);
  const inspectNow = (): Promise<DiskImage> =>
    step('alpy.qemu', `Inspect ${basename(path)}`, async () => judgeDisk(path, expected, await reportOf(path, place, signal)));
  if (place.cacheFile === undefined) return inspectNow();
  const cache = new DiskCache(place.cacheFile);
  const key = { path, expected, imageId: await imageId(place.engine, place.image, signal) };
  const known = await cache.find(key);
  if (known) return known;
  const disk = await inspectNow();
  await cache.add(key, disk);
  return disk;
}

/** Has QEMU's tools report on a disk image. */
async function reportOf(path: string, { engine, image, access }: DiskPlace, signal?: AbortSignal): Promise<DiskReport> {
  const isMounted = access.kind === 'bind';
  const hasOurPaths = access.kind === 'volumes-from';
  const containerPath = hasOurPaths ? path : join(imageFolder, basename(path));
  await using container = await Container.start(
    engine,
    {
      name: 'disk-probe',
      image,
      entrypoint: ['sh', '-c', script, 'sh'],
      command: [containerPath],
      networkMode: 'bare',
      dropAllCapabilities: true,
      addCapabilities: ['DAC_OVERRIDE'], // the image may be readable for its owner only
      ...helperLimits,
      readOnlyRoot: access.kind !== 'copy', // a copy lies in its root
      tmpfs: { '/tmp': 1 },
      memoryMiB: 256, // qemu-img reads all tables of a large image into memory
      mounts: isMounted ? [{ source: dirname(path), target: imageFolder, readOnly: true }] : [],
      volumesFrom: access.kind === 'volumes-from' ? [access.container] : [],
      files: access.kind === 'copy' ? [{ path: containerPath, content: { file: path } }] : [],
    },
    signal,
  );
  container.expectExit();
  const [output] = await Promise.all([buffer(container.stdout), container.waitForExit({ timeoutMs, signal })]);
  const [info = '', check = '', errors = '', version = '', firmware = ''] = output.toString().split('\n---\n');
  if (info.trim() === '' && errors.trim() === '') throw new DiskImageError(path, 'qemu-img printed nothing about it');
  const localErrors = hasOurPaths ? errors : errors.replaceAll(`${imageFolder}/`, join(dirname(path), '/'));
  return { info, check: check.trim(), errors: localErrors, qemuVersion: version.trim(), firmware: firmware.trim() };
}

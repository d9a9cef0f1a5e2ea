// SPDX-License-Identifier: GPL-3.0-or-later
import { basename, dirname, join } from 'node:path';
import { step } from '../core/step.ts';
import { imageId } from '../docker/index.ts';
import { DiskCache } from './disk-cache.ts';
import { judgeDisk, type DiskFormat, type DiskImage, type DiskReport } from './disk-image.ts';
import { runOnDisk, type DiskScriptPlace } from './disk-script.ts';
import { DiskImageError } from './errors.ts';
import { programOf } from './machine-type.ts';
import { assertBaseIsBeside } from './overlay-place.ts';
import { imageFolder } from './qemu-files.ts';
import { assertReadable } from './readable.ts';

/**
 * Prints both reports on the disk image that the first argument names (nothing, if it is empty), the errors, QEMU's version, and a hash of
 * all firmware and ROMs that QEMU may load without being asked. The second argument is the format, if qemu-img cannot find it out, and
 * the third is QEMU.
 * Between them are lines that JSON cannot contain.
 */
const script = `cat /usr/share/seabios/*.bin /usr/share/qemu/*.bin /usr/share/qemu/*.rom /usr/share/OVMF/OVMF_*_4M*.fd \\
  /usr/share/AAVMF/*.fd 2>/dev/null | sha256sum >/tmp/firmware &
: >/tmp/errors
[ -z "$1" ] || qemu-img info \${2:+-f "$2"} --backing-chain --output=json -- "$1" 2>/tmp/errors
printf '\\n---\\n'
format=$([ -z "$1" ] || qemu-img info -- "$1" 2>/dev/null | sed -n 's/^file format: //p')
case $format in qcow2|vdi|vhdx|vmdk) qemu-img check --output=json -f "$format" -- "$1" 2>>/tmp/errors ;; esac
printf '\\n---\\n'
cat /tmp/errors
printf '\\n---\\n'
"$3" --version | sed -n 's/^QEMU emulator version //p'
printf '\\n---\\n'
wait
cut -d' ' -f1 /tmp/firmware`;

/** How long qemu-img may take, in `ms`: it reads all tables of the image, from a disk that may be slow. */
const timeoutMs = 120_000;

/** Where a disk image is inspected. */
export interface DiskPlace extends DiskScriptPlace {
  /** the QEMU of its image; default: that for PCs */
  readonly program?: string | undefined;
  /** file that caches what was found out about usable images; absent to inspect the image in any case */
  readonly cacheFile?: string | undefined;
  /** absolute path of the folder for unpacked images; default: `~/.cache/alpy/images` */
  readonly unpackedDirectory?: string | undefined;
}

/** What is known of a disk image before QEMU's tools inspect it. */
export interface DiskFileQuestion {
  /** its real path */
  readonly path: string;
  /** its format; `auto` if QEMU's tools have to find it out */
  readonly expected: DiskFormat | 'auto';
  /** whether it must be complete in this file, without backing files and others */
  readonly isWhole: boolean;
}

/**
 * Inspects a disk image with QEMU's tools.
 * @throws DiskImageError if it is truncated, damaged or not a disk image, or QEMU's user may not read it
 * @throws ContainerError when the daemon refuses to run qemu-img
 */
export async function probeDisk(question: DiskFileQuestion, place: DiskPlace, signal?: AbortSignal): Promise<DiskImage> {
  const { path, expected, isWhole } = question;
  if (place.access.kind !== 'volumes-from' && expected !== 'raw') await assertBaseIsBeside(path);
  const disk = await cached(question, place, signal, () =>
    step('alpy.qemu', `Inspect ${basename(path)}`, async () =>
      judgeDisk(path, expected, await reportOf(question, place, signal)),
    ),
  );
  if (isWhole && disk.files.length > 1)
    throw new DiskImageError(
      path,
      `expected a disk that is complete in one file, got one that needs ${disk.files[1]?.path ?? 'another'}`,
    );
  if (place.access.kind !== 'copy') await assertReadable(disk.files); // copies can be read in any case
  return disk;
}

/** What machines without a disk image depend on. @throws ContainerError when the daemon refuses to run QEMU */
export async function probeQemu(place: DiskPlace, signal?: AbortSignal): Promise<Pick<DiskImage, 'qemuVersion' | 'firmware'>> {
  const question = { path: '', expected: 'raw', isWhole: true } as const;
  return cached(question, place, signal, () =>
    step('alpy.qemu', 'Inspect QEMU', async () => {
      const { qemuVersion, firmware } = await reportOf(question, place, signal);
      return { path: '', format: 'raw', virtualBytes: 0, files: [], qemuVersion, firmware };
    }),
  );
}

async function cached(
  { path, expected }: DiskFileQuestion,
  { engine, image, cacheFile }: DiskPlace,
  signal: AbortSignal | undefined,
  inspectNow: () => Promise<DiskImage>,
): Promise<DiskImage> {
  if (cacheFile === undefined) return inspectNow();
  const cache = new DiskCache(cacheFile);
  const key = { path, expected, imageId: await imageId(engine, image, signal) };
  const known = await cache.find(key);
  if (known) return known;
  const disk = await inspectNow();
  await cache.add(key, disk);
  return disk;
}

/** Has QEMU's tools report on a disk image. */
async function reportOf({ path, expected }: DiskFileQuestion, place: DiskPlace, signal?: AbortSignal): Promise<DiskReport> {
  const hasDisk = path !== '';
  const args = [expected === 'vpc' ? expected : '', place.program ?? programOf('q35')];
  const output = await runOnDisk({ path, script, args, timeoutMs }, place, signal);
  const [info = '', check = '', errors = '', version = '', firmware = ''] = output.toString().split('\n---\n');
  if (hasDisk && info.trim() === '' && errors.trim() === '') throw new DiskImageError(path, 'qemu-img printed nothing about it');
  const localErrors =
    place.access.kind === 'volumes-from' ? errors : errors.replaceAll(`${imageFolder}/`, join(dirname(path), '/'));
  return { info, check: check.trim(), errors: localErrors, qemuVersion: version.trim(), firmware: firmware.trim() };
}

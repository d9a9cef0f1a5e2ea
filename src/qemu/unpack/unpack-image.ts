// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ContentHashes } from '../../core/content-hashes.ts';
import { codeOf } from '../../core/errors.ts';
import { stampOf } from '../../core/file.ts';
import { log, step } from '../../core/step.ts';
import { durationText } from '../../core/text.ts';
import type { Engine, FileAccess } from '../../docker/index.ts';
import { DiskImageError } from '../errors.ts';
import { ArchiveError } from './member.ts';
import { wholeFile } from './part.ts';
import { UnpackedImages } from './unpacked-images.ts';

/** Where images are unpacked. */
export interface UnpackPlace {
  readonly engine: Engine;
  /** the `qemu` image */
  readonly image: string;
  readonly access: FileAccess;
  /** absolute path of the folder for unpacked images; default: `~/.cache/alpy/images` */
  readonly unpackedDirectory?: string | undefined;
}

/** How often progress is logged, in `ms`. */
const logEveryMs = 3000;

/**
 * Unpacks a disk image that is compressed or in an archive, unless that was done before.
 * @param path - real path of the file
 * @returns the path of the unpacked image
 * @throws DiskImageError if that is not possible
 */
export async function unpackImage(path: string, place: UnpackPlace, signal?: AbortSignal): Promise<string> {
  const directory = unpackedDirectory(path, place);
  const images = new UnpackedImages(directory);
  try {
    await mkdir(directory, { recursive: true, mode: 0o711 }); // QEMU's user may have to enter it
    const part = await wholeFile(path, basename(path));
    const key = await keyOf(path, directory);
    const { path: disk, notes } = await images.provide(
      key,
      (folder, renew) =>
        step('alpy.unpack', `Unpack ${part.name}`, async () => {
          const { unpackLayers } = await import('./layers.ts'); // loaded here because few images need its libraries
          const progress = new ProgressLog(part.name);
          const made = await unpackLayers(
            part,
            folder,
            place,
            (done, total) => {
              progress.update(done, total, renew);
            },
            signal,
          );
          progress.end();
          return made;
        }),
      signal,
    );
    for (const note of notes) log('alpy.unpack', note);
    return disk;
  } catch (error) {
    if (error instanceof ArchiveError) throw new DiskImageError(path, error.message, { cause: error });
    if (['EACCES', 'EROFS', 'ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? ''))
      throw new DiskImageError(path, `expected that it can be unpacked into ${directory}, got ${String(error)}`, {
        cause: error,
      });
    throw error;
  }
}

/** If containers use the volumes of alpy's own container, the folder must be in one of them: beside the file. */
function unpackedDirectory(path: string, { access, unpackedDirectory: configured }: UnpackPlace): string {
  if (access.kind === 'volumes-from') return join(dirname(path), '.alpy-images');
  return configured ?? join(homedir(), '.cache', 'alpy', 'images');
}

async function keyOf(path: string, directory: string): Promise<string> {
  const { stamp } = await stampOf(path);
  return new ContentHashes(join(directory, '.hashes.json')).of(path, stamp);
}

/** Says at the start, every few seconds and at the end how far an image is unpacked. */
class ProgressLog {
  readonly #name: string;
  readonly #startMs = performance.now();
  #loggedMs = -Infinity;

  constructor(name: string) {
    this.#name = name;
  }

  update(done: number, total: number, renew: () => void): void {
    const now = performance.now();
    if (now - this.#loggedMs < logEveryMs) return;
    this.#loggedMs = now;
    renew();
    log(
      'alpy.unpack',
      `unpacking ${this.#name}: ${Math.floor((100 * done) / Math.max(1, total))} % of ${Math.ceil(total / 1024 ** 2)} MiB`,
    );
  }

  end(): void {
    log('alpy.unpack', `unpacked ${this.#name} in ${durationText(performance.now() - this.#startMs)}; it is kept for later runs`);
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isWithin } from '../core/file.ts';
import { shellWord } from '../core/text.ts';
import { DiskImageError } from './errors.ts';
import { imageReferences } from './image-references.ts';
import { imageFolder } from './qemu-files.ts';

/** The longest chain of overlays to follow. */
const maxDepth = 20;

/**
 * Checks that QEMU will find the backing files of an image: it sees only the folder of the image.
 * @param path - real path of the image
 * @throws DiskImageError with the commands that help, if not
 */
export async function assertBaseIsBeside(path: string): Promise<void> {
  const folder = dirname(path);
  let overlay = path;
  for (let depth = 0; depth < maxDepth; depth += 1) {
    const { backing, backingFormat } = await imageReferences(overlay);
    if (backing === undefined || /^[\w+-]+:/.test(backing)) return;
    const isSeen = backing.startsWith(`${imageFolder}/`);
    const base = isSeen ? join(folder, relative(imageFolder, backing)) : resolve(dirname(overlay), backing);
    const real = isWithin(folder, base) ? await realpath(base).catch(() => undefined) : base;
    if (real === undefined) return; // QEMU says that it is missing
    const isBelow = isWithin(folder, real);
    const isFound = isBelow && (isSeen || !backing.startsWith('/'));
    if (!isFound) throw elsewhere(path, overlay, { backing, real, isBelow, backingFormat });
    overlay = real;
  }
}

interface Base {
  /** its name in the overlay */
  readonly backing: string;
  /** its real path */
  readonly real: string;
  /** whether it is somewhere below the folder of the image */
  readonly isBelow: boolean;
  readonly backingFormat: string | undefined;
}

function elsewhere(path: string, overlay: string, { backing, real, isBelow, backingFormat }: Base): DiskImageError {
  const whole = `${path.replace(/\.\w+$/, '')}.whole.qcow2`;
  const copy = isBelow ? '' : `cp ${shellWord(real)} ${shellWord(`${dirname(overlay)}/`)} && `;
  const name = isBelow ? relative(dirname(overlay), real) : basename(real);
  const format = backingFormat === undefined ? '' : `-F ${shellWord(backingFormat)} `;
  const rebase = `qemu-img rebase -u ${format}-b ${shellWord(name)} ${shellWord(overlay)}`;
  const what = overlay === path ? 'it' : overlay;
  return new DiskImageError(
    path,
    `${what} is an overlay of ${backing}, but QEMU sees nothing outside the folder of the image, so an overlay must name a file there, relative to its own folder. Merge them into one file: qemu-img convert -O qcow2 ${shellWord(path)} ${shellWord(whole)}. Or put the backing file beside it: ${copy}${rebase}`,
  );
}

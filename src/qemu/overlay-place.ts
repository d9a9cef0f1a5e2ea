// SPDX-License-Identifier: GPL-3.0-or-later
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isWithin } from '../core/file.ts';
import { shellWord } from '../core/text.ts';
import { DiskImageError } from './errors.ts';
import { imageReferences } from './image-references.ts';
import { imageFolder } from './qemu-files.ts';

/** Overlays of overlays: no more than this. */
const deepest = 20;

/**
 * Sees that QEMU will find what an image is an overlay of: it sees the folder of the image and no other one.
 * @param path - the image, links followed
 * @throws DiskImageError that says what to type, otherwise
 */
export async function assertBaseIsBeside(path: string): Promise<void> {
  const folder = dirname(path);
  let overlay = path;
  for (let depth = 0; depth < deepest; depth += 1) {
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
  /** as the overlay names it */
  readonly backing: string;
  /** where that leads to */
  readonly real: string;
  /** whether it is in the folder of the image, or below it */
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
    `${what} is an overlay of ${backing}, but QEMU sees nothing outside the folder of the image, so an overlay must name a file there, relative to its own folder. Make one file of it: qemu-img convert -O qcow2 ${shellWord(path)} ${shellWord(whole)}. Or put the base beside it: ${copy}${rebase}`,
  );
}

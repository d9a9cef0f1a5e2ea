// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { stat, type FileHandle } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Changes whenever a file is written or replaced. */
export interface FileStamp {
  readonly bytes: number;
  /** device, inode, times of modification and status change in `ns`; no program can set the last one back */
  readonly stamp: string;
}

/** Reads the stamp of a file. @throws Error of the file system if there is no such file */
export async function stampOf(file: string | FileHandle): Promise<FileStamp> {
  const stats = typeof file === 'string' ? stat(file, { bigint: true }) : file.stat({ bigint: true });
  const { size, dev, ino, mtimeNs, ctimeNs } = await stats;
  return { bytes: Number(size), stamp: [dev, ino, mtimeNs, ctimeNs].join(' ') };
}

/** SHA-256 of a file of any size, in hexadecimal. @throws Error of the file system if it cannot be read */
export async function sha256Of(file: string | FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const options = { highWaterMark: 1024 * 1024 };
  const content =
    typeof file === 'string'
      ? createReadStream(file, options)
      : file.createReadStream({ ...options, start: 0, autoClose: false });
  await pipeline(content, hash);
  return hash.digest('hex');
}

/** Whether a path is a folder or something below it. Does not follow links. Pure. */
export function isWithin(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}

/** Whether a path is that of a file, or of a link to one. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

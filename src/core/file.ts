// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Changes whenever a file is written or replaced. */
export interface FileStamp {
  readonly bytes: number;
  /** device, inode, times of modification and status change in `ns`; no program can set the last one back */
  readonly stamp: string;
}

/** Reads the stamp of a file. @throws Error of the file system if there is no such file */
export async function stampOf(path: string): Promise<FileStamp> {
  const { size, dev, ino, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return { bytes: Number(size), stamp: [dev, ino, mtimeNs, ctimeNs].join(' ') };
}

/** SHA-256 of a file of any size, in hexadecimal. @throws Error of the file system if it cannot be read */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}

/** Whether a path is a folder or something below it. Does not follow links. Pure. */
export function isWithin(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}

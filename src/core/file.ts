// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** What changes whenever a file is written or replaced. */
export interface FileStamp {
  readonly bytes: number;
  /** device, inode, modification and status change, the latter two in `ns`: no program can set the last one back */
  readonly stamp: string;
}

/** @throws Error of the file system when there is no such file */
export async function stampOf(path: string): Promise<FileStamp> {
  const { size, dev, ino, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return { bytes: Number(size), stamp: [dev, ino, mtimeNs, ctimeNs].join(' ') };
}

/** SHA-256 of a file of any size, in hexadecimal. @throws Error of the file system when it cannot be read */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}

/** Whether a path leads to a folder or to something below it; links are not followed. Pure. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

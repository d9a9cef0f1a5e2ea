// SPDX-License-Identifier: GPL-3.0-or-later
import type { FileHandle } from 'node:fs/promises';
import { openRegular } from '../../core/plain-file.ts';

/** A file, or a part of one, such as a member of an archive. */
export interface Part {
  /** absolute path of the file */
  readonly path: string;
  /** where the part begins */
  readonly offset: number;
  /** its size, in `bytes` */
  readonly bytes: number;
  /** its name, for messages and for its suffix; it may contain anything, and is never used as a path */
  readonly name: string;
}

/** The whole of a file. @throws Error of the file system if it cannot be read */
export async function wholeFile(path: string, name: string): Promise<Part> {
  await using file = await openRegular(path);
  return { path, offset: 0, bytes: (await file.stat()).size, name };
}

/** Reads bytes at a position in a part; fewer if the part ends there. */
export async function readPart(file: FileHandle, part: Part, position: number, bytes: number): Promise<Buffer> {
  const length = Math.min(bytes, part.bytes - position);
  if (position < 0 || length <= 0) return Buffer.alloc(0);
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, part.offset + position);
  return buffer.subarray(0, bytesRead);
}

// SPDX-License-Identifier: GPL-3.0-or-later
// Files in folders that a container can write to: what is found there may be a link to a file of this machine, or a pipe.
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { codeOf, EnvironmentError } from './errors.ts';

/** How to open a file; each makes what the flags of the same name of `fs.open` make. */
const flagsOf = {
  r: constants.O_RDONLY,
  'r+': constants.O_RDWR,
  w: constants.O_WRONLY | constants.O_CREAT,
  a: constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND,
} as const;

/** Follows no link, and does not wait for the other end of a pipe. */
function safely(mode: keyof typeof flagsOf): number {
  return flagsOf[mode] | constants.O_NOFOLLOW | constants.O_NONBLOCK;
}

/**
 * Opens a regular file and nothing else; the last part of the path may be no link.
 * @param mode - as for `fs.open`
 * @throws EnvironmentError when something else is there
 * @throws Error of the file system
 */
export async function openPlain(path: string, mode: keyof typeof flagsOf): Promise<FileHandle> {
  const file = await open(path, safely(mode)).catch((error: unknown) => {
    throw explained(path, error);
  });
  try {
    if (!(await file.stat()).isFile()) throw notPlain(path);
    if (mode === 'w') await file.truncate(); // only now: what is no file must not lose its content
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The same as {@link openPlain}, at once; the caller closes the descriptor. */
export function openPlainSync(path: string, mode: 'r' | 'a'): number {
  let file: number;
  try {
    file = openSync(path, safely(mode));
  } catch (error) {
    throw explained(path, error);
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw notPlain(path);
}

/** Reads a text file as {@link openPlainSync} opens it. @throws what that throws */
export function readPlainSync(path: string): string {
  const file = openPlainSync(path, 'r');
  try {
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/**
 * Puts a file in place, whole or not at all. What was there before, also a link, is replaced and not written to.
 * @throws Error of the file system
 */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.part`; // nobody can have put a link at a name that nobody knows
  try {
    await writeFile(draft, content, { flag: 'wx' });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

function explained(path: string, error: unknown): unknown {
  // ENXIO: a pipe that nobody reads, or a socket
  return ['ELOOP', 'ENXIO'].includes(codeOf(error) ?? '') ? notPlain(path, error) : error;
}

function notPlain(path: string, cause?: unknown): EnvironmentError {
  return new EnvironmentError(
    `expected a file at ${path}, got a link or a special file, which is not followed. Find out who put it there; a program in a container may have`,
    { cause },
  );
}

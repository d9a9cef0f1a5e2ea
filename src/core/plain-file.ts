// SPDX-License-Identifier: GPL-3.0-or-later
// Files in folders that a container can write to: what is found there may be a link to a file of this machine, or a pipe.
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { codeOf, EnvironmentError } from './errors.ts';

/** Names a file without opening it. Linux's value on x86-64 and arm64; Node has no name for it. */
const O_PATH = 0o10000000;

/** How to open a file that is there; each as the flag of the same name of `fs.open`. */
const flagsOf = {
  r: constants.O_RDONLY,
  'r+': constants.O_RDWR,
  w: constants.O_WRONLY,
  a: constants.O_WRONLY | constants.O_APPEND,
} as const;

/** What a path may be expected to be. */
export type PlainKind = 'file' | 'pipe';

/**
 * Opens what is at a path if it is of a kind; the last part of the path may be no link. Anything else is not even opened:
 * opening a device may have an effect, as a watchdog restarts the machine, and opening a pipe lets its other end go on.
 * @returns the descriptor, which does not block; undefined if nothing is there
 * @throws EnvironmentError if something else is there
 * @throws Error of the file system
 */
export function openOnlySync(kind: PlainKind, path: string, flags: number): number | undefined {
  let found: number;
  try {
    found = openSync(path, O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const facts = fstatSync(found);
    if (!(kind === 'file' ? facts.isFile() : facts.isFIFO())) throw notPlain(kind, path);
    return openSync(`/proc/self/fd/${found}`, flags | constants.O_NONBLOCK);
  } finally {
    closeSync(found);
  }
}

/**
 * Opens a regular file and nothing else, as {@link openOnlySync} does; makes it for `w` and `a` if it is not there.
 * @param mode - as for `fs.open`
 * @returns the descriptor, which the caller closes
 * @throws EnvironmentError when something else is there
 * @throws Error of the file system
 */
export function openPlainSync(path: string, mode: keyof typeof flagsOf): number {
  const found = openOnlySync('file', path, flagsOf[mode]);
  if (found !== undefined) {
    if (mode === 'w') ftruncateSync(found); // only now: what is no file must not lose its content
    return found;
  }
  const isMade = mode === 'w' || mode === 'a';
  return openSync(path, flagsOf[mode] | constants.O_NOFOLLOW | (isMade ? constants.O_CREAT | constants.O_EXCL : 0));
}

/** The same as {@link openPlainSync}, as a handle. @throws what that throws */
export async function openPlain(path: string, mode: keyof typeof flagsOf): Promise<FileHandle> {
  const file = openPlainSync(path, mode);
  try {
    return await open(`/proc/self/fd/${file}`, flagsOf[mode]);
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

function notPlain(kind: PlainKind, path: string): EnvironmentError {
  return new EnvironmentError(
    `expected a ${kind} at ${path}, got a link or a special file, which is not opened. Find out who put it there; a program in a container may have`,
  );
}

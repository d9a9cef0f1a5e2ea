// SPDX-License-Identifier: GPL-3.0-or-later
// Files in folders that a container can write to. Their paths may lead to a link to a file of this machine, or to a pipe.
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { codeOf, EnvironmentError } from './errors.ts';

/** Gets a descriptor of a file without opening it. Linux's value on x86-64 and arm64; Node does not export it. */
const O_PATH = 0o10000000;

/** How to open an existing file, by the names of the flags of `fs.open`. */
const flagsOf = {
  r: constants.O_RDONLY,
  'r+': constants.O_RDWR,
  w: constants.O_WRONLY,
  a: constants.O_WRONLY | constants.O_APPEND,
  'a+': constants.O_RDWR | constants.O_APPEND,
} as const;

/** What is expected at a path. */
export type PlainKind = 'file' | 'pipe';

/**
 * Opens a path if it has the expected kind. The last part of the path must not be a link. Other files are not even opened: opening
 * a device may have side effects (a watchdog restarts the machine), and opening a pipe unblocks its other end.
 * @returns a non-blocking descriptor; undefined if nothing is there
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
 * Opens a regular file and nothing else, like {@link openOnlySync}. For `w`, `a` and `a+`, creates it if nothing is there.
 * @param mode - as for `fs.open`
 * @returns the descriptor, which the caller closes
 * @throws EnvironmentError if something else is there
 * @throws Error of the file system
 */
export function openPlainSync(path: string, mode: keyof typeof flagsOf): number {
  const found = openOnlySync('file', path, flagsOf[mode]);
  if (found !== undefined) {
    if (mode === 'w') ftruncateSync(found); // not before: only a regular file may lose its content
    return found;
  }
  const isCreated = mode === 'w' || mode === 'a' || mode === 'a+';
  return openSync(path, flagsOf[mode] | constants.O_NOFOLLOW | (isCreated ? constants.O_CREAT | constants.O_EXCL : 0));
}

/** Like {@link openPlainSync}, but returns a handle. @throws the same errors */
export async function openPlain(path: string, mode: keyof typeof flagsOf): Promise<FileHandle> {
  const file = openPlainSync(path, mode);
  try {
    return await open(`/proc/self/fd/${file}`, flagsOf[mode]);
  } finally {
    closeSync(file);
  }
}

/**
 * Opens a regular file to read it, for a path that a person has named: follows links, but does not wait for a pipe.
 * @throws EnvironmentError if something else is there
 * @throws Error of the file system
 */
export async function openRegular(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new EnvironmentError(`expected a file at ${path}, got a folder or a special file`);
}

/**
 * Reads a regular file, like {@link openRegular}.
 * @param maxBytes - its maximum size
 * @throws EnvironmentError if it is larger, or something else is there
 * @throws Error of the file system
 */
export async function readRegular(path: string, maxBytes: number): Promise<string> {
  return (await readRegularBytes(path, maxBytes)).toString();
}

/** The same for a file that is not text. */
export async function readRegularBytes(path: string, maxBytes: number): Promise<Buffer> {
  await using file = await openRegular(path);
  return await readWhole(file, path, maxBytes);
}

/**
 * Reads the end of a regular file, like {@link openPlain}; it may begin within a character.
 * @throws EnvironmentError if something else is there
 * @throws Error of the file system
 */
export async function readPlainEnd(path: string, maxBytes: number): Promise<Buffer> {
  await using file = await openPlain(path, 'r');
  const { size } = await file.stat();
  const length = Math.min(size, maxBytes);
  return await readAt(file, size - length, length);
}

/**
 * Reads a regular file, like {@link openPlain}.
 * @param maxBytes - its maximum size
 * @throws EnvironmentError if it is larger, or something else is there
 * @throws Error of the file system
 */
export async function readPlain(path: string, maxBytes: number): Promise<string> {
  await using file = await openPlain(path, 'r');
  return (await readWhole(file, path, maxBytes)).toString();
}

async function readWhole(file: FileHandle, path: string, maxBytes: number): Promise<Buffer> {
  const { size } = await file.stat();
  if (size > maxBytes) throw new EnvironmentError(`expected at most ${maxBytes} bytes in ${path}, got ${size}`);
  return await readAt(file, 0, size); // no further: a writer could keep it going
}

/** Reads bytes at a position; fewer if the file ends there. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let at = 0;
  for (let count = 1; at < length && count > 0; at += count)
    count = (await file.read(bytes, at, length - at, position + at)).bytesRead;
  return bytes.subarray(0, at);
}

/**
 * Writes a file completely or not at all. Replaces what was at the path, also a link, instead of writing to it.
 * @param content - text or bytes; a stream has to yield bytes
 * @throws Error of the file system
 */
export async function replaceFile(path: string, content: string | Uint8Array | AsyncIterable<unknown>): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.part`; // nobody can guess the name and put a link there
  try {
    await writeFile(draft, content as string | AsyncIterable<Uint8Array>, { flag: 'wx' });
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

// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { existsSync, lstatSync, readdirSync, rmdirSync, rmSync, type Dirent } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { codeOf } from '../core/errors.ts';
import { removeOrphans } from '../core/owner.ts';
import type { GuardNote } from './guard.ts';

/** A folder for QEMU's files and sockets; see `LifelineGroup` and `listenHere`. */
const socketFolder = /^\.alpy[A-Za-z0-9]{6}$/;
/** How deep below the folder of all tests: in that of a test, of its attempt, of its boot. */
const maxDepth = 4;

/**
 * Removes the files that some notes name.
 * @param beforeMs - keeps what is younger, in whole `ms` since 1970; default: keeps nothing
 */
export async function removeGuardedFiles(notes: readonly GuardNote[], beforeMs = Infinity): Promise<void> {
  for (const note of notes) await removeFiles(note, beforeMs);
}

async function removeFiles(note: GuardNote, beforeMs: number): Promise<void> {
  if ('prefix' in note) removeOrphans(note.folder, note.prefix);
  else if ('socketsBelow' in note) removeSocketFolders(note.socketsBelow, beforeMs, maxDepth);
  else if ('socket' in note) await removeSocket(note.socket);
  else if ('path' in note) removeOlder(note.path, beforeMs);
}

/** Removes a socket unless a program listens at it: another one may use the path by now. */
async function removeSocket(path: string): Promise<void> {
  if (!existsSync(path) || (await isListening(path))) return;
  rmSync(path, { force: true });
  removeIfEmpty(dirname(path));
}

async function isListening(path: string): Promise<boolean> {
  const socket = createConnection(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (codeOf(error) === undefined) throw error; // it has other files
  }
}

function removeSocketFolders(folder: string, beforeMs: number, depth: number): void {
  for (const entry of entriesOf(folder)) {
    if (!entry.isDirectory()) continue; // nor a link
    const path = join(folder, entry.name);
    if (socketFolder.test(entry.name)) removeOlder(path, beforeMs);
    else if (depth > 1) removeSocketFolders(path, beforeMs, depth - 1);
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return []; // it is gone
  }
}

function removeOlder(path: string, beforeMs: number): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  // the kernel knows the time of a file to the ns, but the time of a call has whole ms
  if (stats !== undefined && Math.floor(stats.birthtimeMs) <= beforeMs) rmSync(path, { recursive: true, force: true });
}

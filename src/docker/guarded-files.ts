// SPDX-License-Identifier: GPL-3.0-or-later
import { lstatSync, readdirSync, rmSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../core/errors.ts';
import { removeOrphans } from '../core/owner.ts';
import type { GuardNote } from './guard.ts';

/** A folder for QEMU's files and sockets; see `LifelinePair` and `listenHere`. */
const socketFolder = /^\.alpy[A-Za-z0-9]{6}$/;
/** How deep below the folder of all tests: in that of a test, of its attempt, of its boot. */
const maxDepth = 4;

/**
 * Removes the files that some notes name.
 * @param beforeMs - keeps what is younger, in `ms` since 1970; default: keeps nothing
 */
export function removeGuardedFiles(notes: readonly GuardNote[], beforeMs = Infinity): void {
  for (const note of notes) removeFiles(note, beforeMs);
}

function removeFiles(note: GuardNote, beforeMs: number): void {
  if ('prefix' in note) removeOrphans(note.folder, note.prefix);
  else if ('socketsBelow' in note) removeSocketFolders(note.socketsBelow, beforeMs, maxDepth);
  else if ('path' in note) removeOlder(note.path, beforeMs);
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
  if (stats !== undefined && stats.birthtimeMs <= beforeMs) rmSync(path, { recursive: true, force: true });
}

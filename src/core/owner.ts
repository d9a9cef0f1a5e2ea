// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from './errors.ts';
import { ownIdentity, parseIdentity, processState, type ProcessIdentity } from './identity.ts';

/** Age from which a file counts as left behind if its process cannot be seen from here, in `ms`. */
const defaultForeignLifeMs = 3_600_000;

/**
 * Returns a name for a file that matters only while this process lives: `<prefix><place>-<pid>-<start>-<random>`. If the process
 * is killed, {@link removeOrphans} of another process removes the file. The name is short because paths of sockets are.
 */
export function ownedName(prefix: string): string {
  const { pid, start, ...place } = ownProcess();
  return `${prefix}${[placeMark(place), pid, start, randomBytes(3).toString('hex')].join('-')}`;
}

/** Which files count as left behind. */
export interface OrphanOptions {
  /** how long a process that cannot be seen from here may use a file, in `ms`; default: one hour */
  readonly foreignLifeMs?: number;
  /** whether every name with the prefix is alpy's, also names from older versions; default: no, it may be the user's */
  readonly isOurFolder?: boolean;
}

/**
 * Removes the files and folders with a name of {@link ownedName} whose process has ended. If the process cannot be seen from here,
 * removes those that are too old to be in use. Keeps those of other users.
 * @returns the removed paths
 */
export function removeOrphans(folder: string, prefix: string, options: OrphanOptions = {}): readonly string[] {
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    if (!name.startsWith(prefix) || !isOrphan(path, name.slice(prefix.length), options)) return [];
    try {
      rmSync(path, { recursive: true, force: true });
      return [path];
    } catch {
      return []; // another process was faster, or the file system is read-only
    }
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return []; // there is no such folder, or we may not read it, so it contains nothing of ours
  }
}

function isOrphan(
  path: string,
  owner: string,
  { foreignLifeMs = defaultForeignLifeMs, isOurFolder = false }: OrphanOptions,
): boolean {
  const [, mark, pid = '', start = ''] = /^([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{6}$/.exec(owner) ?? [];
  if (mark === undefined && !isOurFolder) return false;
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.uid !== process.getuid?.()) return false; // its owner could change it while we remove it
  const own = ownProcess();
  const state = mark === placeMark(own) ? processState({ ...own, pid: Number(pid), start }) : 'unknown';
  if (state !== 'unknown') return state === 'dead';
  return stats !== undefined && Date.now() - stats.mtimeMs > foreignLifeMs;
}

/** Identity of this process. If it is unknown, all files count as those of another machine. */
function ownProcess(): ProcessIdentity {
  return parseIdentity(ownIdentity() ?? '') ?? { bootId: '', pidNamespace: '', pid: 0, start: '0' };
}

function placeMark({ bootId, pidNamespace }: Pick<ProcessIdentity, 'bootId' | 'pidNamespace'>): string {
  return createHash('sha256').update(`${bootId} ${pidNamespace}`).digest('hex').slice(0, 8);
}

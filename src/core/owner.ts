// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from './errors.ts';
import { ownIdentity, parseIdentity, processState, type ProcessIdentity } from './identity.ts';

/** How old a file must be to count as left behind if it cannot be seen from here whether its process lives, in `ms`. */
const usualForeignLifeMs = 3_600_000;

/**
 * A name for a file that only matters while this process lives: `<prefix><place>-<pid>-<start>-<random>`. Should the process
 * be killed, {@link removeOrphans} of another one removes the file. Short, since sockets have short paths.
 */
export function ownedName(prefix: string): string {
  const { pid, start, ...place } = ownProcess();
  return `${prefix}${[placeMark(place), pid, start, randomBytes(3).toString('hex')].join('-')}`;
}

/** Which files count as left behind. */
export interface OrphanOptions {
  /** how long a file may be in use by a process that cannot be seen from here, in `ms`; default: an hour */
  readonly foreignLifeMs?: number;
  /** whether all that has the prefix is alpy's, also in the form of older versions; default: no, as it may be the user's */
  readonly isOurFolder?: boolean;
}

/**
 * Removes the files and folders named by {@link ownedName} whose process is gone; of a process that cannot be seen from here, those
 * that are too old to be in use. What another user made stays.
 * @returns the paths of what was removed
 */
export function removeOrphans(folder: string, prefix: string, options: OrphanOptions = {}): readonly string[] {
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    if (!name.startsWith(prefix) || !isOrphan(path, name.slice(prefix.length), options)) return [];
    try {
      rmSync(path, { recursive: true, force: true });
      return [path];
    } catch {
      return []; // somebody else is faster, or the file system is read-only
    }
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return []; // there is no such folder, or it is closed to us: nothing of ours is in it
  }
}

function isOrphan(
  path: string,
  owner: string,
  { foreignLifeMs = usualForeignLifeMs, isOurFolder = false }: OrphanOptions,
): boolean {
  const [, mark, pid = '', start = ''] = /^([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{6}$/.exec(owner) ?? [];
  if (mark === undefined && !isOurFolder) return false;
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.uid !== process.getuid?.()) return false; // it could change under our hands while it is removed
  const own = ownProcess();
  const state = mark === placeMark(own) ? processState({ ...own, pid: Number(pid), start }) : 'unknown';
  if (state !== 'unknown') return state === 'dead';
  return stats !== undefined && Date.now() - stats.mtimeMs > foreignLifeMs;
}

/** Identity of this process. If it is not known, files count as those of another machine. */
function ownProcess(): ProcessIdentity {
  return parseIdentity(ownIdentity() ?? '') ?? { bootId: '', pidNamespace: '', pid: 0, start: '0' };
}

function placeMark({ bootId, pidNamespace }: Pick<ProcessIdentity, 'bootId' | 'pidNamespace'>): string {
  return createHash('sha256').update(`${bootId} ${pidNamespace}`).digest('hex').slice(0, 8);
}

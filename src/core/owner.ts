// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from './errors.ts';

/** How old a file must be that a process of another PID namespace made, in `ms`, before it counts as left behind. */
const foreignLifeMs = 3_600_000;

/**
 * A name for a file that only matters while this process lives: `<prefix><namespace>-<pid>-<start>-<random>`. Should the process
 * be killed, {@link removeOrphans} of another one removes the file.
 */
export function ownedName(prefix: string): string {
  const numbers = [pidNamespace(), process.pid, startOf(process.pid) ?? 0];
  return `${prefix}${numbers.map((number) => number.toString(36)).join('-')}-${randomBytes(3).toString('hex')}`; // sockets have short paths
}

/**
 * Removes the files and folders named by {@link ownedName} whose process is gone; of a process that cannot be seen from here, those
 * older than an hour. What cannot be removed stays, as it belongs to somebody else.
 * @returns the paths of what was removed
 */
export function removeOrphans(folder: string, prefix: string): readonly string[] {
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    if (!name.startsWith(prefix) || !isOrphan(path, name.slice(prefix.length))) return [];
    try {
      rmSync(path, { recursive: true, force: true });
      return [path];
    } catch {
      return []; // somebody else's
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

function isOrphan(path: string, owner: string): boolean {
  const numbers = /^([0-9a-z]+)-([0-9a-z]+)-([0-9a-z]+)-[0-9a-f]{6}$/.exec(owner)?.slice(1) ?? [];
  const [namespace, pid, start] = numbers.map((number) => Number.parseInt(number, 36));
  if (pid !== undefined && namespace === pidNamespace()) return startOf(pid) !== start;
  const ageMs = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity);
  return ageMs > foreignLifeMs;
}

/** Identifies the namespace in which PIDs of this process count; 0 where it cannot be told. */
function pidNamespace(): number {
  try {
    return Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? 0);
  } catch {
    return 0;
  }
}

/** When a process started, in ticks since the boot, which tells it from a later one with its PID; nothing when there is none. */
function startOf(pid: number): number | undefined {
  try {
    return Number(
      readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
        .replace(/^.*\)/s, '')
        .split(' ')[20],
    );
  } catch {
    return undefined;
  }
}

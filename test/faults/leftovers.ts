// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync, readFileSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../../src/core/errors.ts';
import { clockFile } from './clock-file.ts';
import { processesOf } from './processes.ts';
import type { Target } from './target.ts';

/** How long anything of a run may exist after its main process has ended, in `ms`. */
const graceMs = 5000;
const lookMs = 200;

/** Files that every run keeps: its own, and Vitest's cache, which all runs of a user share. */
const kept = new Set(['alpy.yaml', 'tests', 'alpy-out', 'tmp', 'snapshots', 'alpy-vite', 'node_modules', clockFile]);

/**
 * Lists what is left of a run 5 s after its main process has ended; returns as soon as nothing is.
 * @param containers - identifiers of all containers that the run has ever had
 */
export async function leftOf(target: Target, containers: ReadonlySet<string>): Promise<readonly string[]> {
  const endMs = performance.now() + graceMs;
  for (;;) {
    const left = await findLeft(target, containers);
    if (left.length === 0 || performance.now() > endMs) return left;
    await sleep(lookMs);
  }
}

/** How long {@link untilNoneRuns} waits, in `ms`: what guards a run waits no longer than 3.5 s for a daemon. */
const longestWaitMs = 2000;

/** Waits until no container of a run runs, at most 2 s. */
export async function untilNoneRuns(target: Target): Promise<void> {
  const endMs = performance.now() + longestWaitMs;
  while ((await target.containers()).some(({ State }) => State === 'running') && performance.now() < endMs) await sleep(lookMs);
}

async function findLeft(target: Target, ids: ReadonlySet<string>): Promise<readonly string[]> {
  const containers = await target.containers();
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return [
    ...containers.map(({ Names, State }) => `container ${Names.join(' ')} (${State})`),
    ...processesOf(`ALPY_JOB_ID=${target.jobId}`, ids),
    ...readdirSync('/sys/class/net')
      .filter((name) => /^tap\d+$/.test(name))
      .map((name) => `interface ${name}`),
    ...mounts.filter((line) => [...ids].some((id) => line.includes(id))).map((line) => `mount ${line}`),
    ...[target.temporary, target.directory].flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => !kept.has(name))
        .map((name) => `file ${join(folder, name)}`),
    ),
    ...[target.directory, target.store].flatMap(hiddenBelow),
  ];
}

/** Sockets and hidden files: alpy hides what exists only while it runs, and one cache in the store. */
function hiddenBelow(folder: string): readonly string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    const isTemporary = entry.isSocket() || (entry.name.startsWith('.') && entry.name !== '.hashes.json');
    return [...(isTemporary ? [`file ${path}`] : []), ...(entry.isDirectory() ? hiddenBelow(path) : [])];
  });
}

/** The entries of a folder; none if it is gone: a guard or another run may remove it meanwhile. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

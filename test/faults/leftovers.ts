// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clockFile } from './clock-file.ts';
import { processesOf } from './processes.ts';
import type { Target } from './target.ts';

/** How long anything of a run may exist after its processes have ended, in `ms`. */
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

/** Waits until no container of a run runs, at most 5 s. */
export async function untilNoneRuns(target: Target): Promise<void> {
  const endMs = performance.now() + graceMs;
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
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const isTemporary = entry.isSocket() || (entry.name.startsWith('.') && entry.name !== '.hashes.json');
    return isTemporary ? [`file ${join(entry.parentPath, entry.name)}`] : [];
  });
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Docker from 'dockerode';
import { codeOf } from '../../../src/core/errors.ts';
import { jobLabel, runLabel } from '../../../src/docker/index.ts';

/** Processes whose command line contains a text. */
export async function processesWith(text: string): Promise<readonly { readonly pid: number; readonly command: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''); // it has ended meanwhile
      return { pid: Number(pid), command: line.replaceAll('\0', ' ').trim() };
    }),
  );
  return all.filter(({ command }) => command.includes(text));
}

/** Names of the containers of a job, found by the job's id or by its run. */
export async function containersOf(id: number): Promise<readonly string[]> {
  const containers = await new Docker().listContainers({ all: true, filters: { label: [runLabel] } });
  return containers
    .filter(({ Labels }) => Labels[jobLabel] === String(id) || Labels[runLabel]?.startsWith(`job-${id}-`))
    .flatMap(({ Names }) => Names);
}

/** How long a process that is about to exit may take, in `ms`. */
const exitTimeoutMs = 20_000;

/**
 * Everything that jobs left on this machine: containers, processes, folders.
 * @param root - of the driver's settings
 * @param temporary - where the runner creates its folders
 * @param ids - of the jobs
 */
export async function findLeftovers(root: string, temporary: string, ids: readonly number[]): Promise<readonly string[]> {
  const containers = await Promise.all(ids.map(containersOf));
  const folders = await Promise.all(['jobs', 'builds'].map((name) => pathsIn(join(root, name))));
  let processes = await processesWith(root);
  // a keeper reports that its testbed ended, and exits shortly afterwards
  const deadlineMs = Date.now() + exitTimeoutMs;
  while (processes.length > 0 && Date.now() < deadlineMs) {
    await setTimeout(20);
    processes = await processesWith(root);
  }
  return [
    ...containers.flat().map((name) => `container ${name}`),
    ...processes.map(({ pid, command }) => `process ${pid}: ${command}`),
    ...folders.flat(),
    ...(await pathsIn(temporary)),
  ];
}

async function pathsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  return names.map((name) => join(folder, name));
}

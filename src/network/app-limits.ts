// SPDX-License-Identifier: GPL-3.0-or-later
import { posix } from 'node:path';
import type { ContainerSpec } from '../docker/index.ts';
import { limitHit, type LimitSigns } from './limit-signs.ts';

/** What an app may use. */
export interface AppLimits {
  /**
   * whether it may change and create files anywhere in its image, and use the image's volumes; default: only in /tmp, /run and
   * /var/tmp, which are empty file systems in memory
   */
  readonly writableRoot?: boolean | undefined;
  /** memory of all its processes with the files that it keeps in memory, in `MiB`; default 512 */
  readonly memoryMiB?: number | undefined;
  /** how many processes and threads it may have; default 512 */
  readonly pids?: number | undefined;
}

const defaultMemoryMiB = 512;
const defaultPids = 512;
/** For /run, /var/tmp and the volumes of the image, in `MiB`; /tmp may hold half of the app's memory. */
const smallFolderMiB = 64;

/** @param volumes - folders that the image declares as volumes, which would be on the daemon's disk without a limit */
export function limitsOf(
  { writableRoot = false, memoryMiB = defaultMemoryMiB, pids = defaultPids }: AppLimits,
  volumes: readonly string[],
): Partial<ContainerSpec> {
  if (writableRoot) return { memoryMiB, pids };
  const folders = ['/run', '/var/tmp', ...volumes.map((path) => posix.resolve('/', path))].filter((path) => path !== '/tmp');
  return {
    readOnlyRoot: true,
    tmpfs: { '/tmp': tmpMiB(memoryMiB), ...Object.fromEntries(folders.map((path) => [path, smallFolderMiB])) },
    memoryMiB,
    pids,
    fileSizeMiB: memoryMiB, // for the hosts file, which is on a disk
  };
}

function tmpMiB(memoryMiB: number): number {
  return Math.max(1, Math.floor(memoryMiB / 2));
}

/** Says which limit an app has hit, and which option helps; `undefined` if it seems to have hit none. Pure. */
export function limitHint(limits: AppLimits, signs: LimitSigns): string | undefined {
  const { writableRoot = false, memoryMiB = defaultMemoryMiB, pids = defaultPids } = limits;
  const limit = limitHit(signs);
  if (limit === 'memory') return `it used up its memory of ${memoryMiB} MiB; set memoryMiB of the app to allow more`;
  if (limit === 'processes') return `it may have ${pids} processes; set pids of the app to allow more`;
  if (writableRoot) return undefined;
  if (limit === 'read-only root')
    return 'an app can write only to /tmp, /run and /var/tmp; set writableRoot: true of the app to let it write anywhere';
  if (limit === 'space')
    return `an app can write ${tmpMiB(memoryMiB)} MiB to /tmp, and ${smallFolderMiB} MiB to /run and to /var/tmp; set memoryMiB of the app, of which /tmp gets half, or writableRoot: true`;
  return undefined;
}

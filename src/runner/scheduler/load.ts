// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';

/** How long programs have waited for a processor so far. */
export interface LoadReading {
  readonly atMs: number;
  /** in `µs`, from /proc/pressure/cpu (https://docs.kernel.org/accounting/psi.html); absent if the kernel does not record it */
  readonly waitedUs?: number | undefined;
}

/** If processes wait for a processor for at least this share of the time, results may be due to the machine. */
const overloadShare = 0.8;

/** Reads the current load. */
export async function readLoad(): Promise<LoadReading> {
  const text = await readFile('/proc/pressure/cpu', 'utf8').catch(() => '');
  const total = /^some .*total=(\d+)$/m.exec(text)?.[1];
  return { atMs: performance.now(), waitedUs: total === undefined ? undefined : Number(total) };
}

/**
 * Describes an overload of the machine between two readings; `undefined` if there was none. Pure, except that it reads the load
 * average if the kernel does not record waits.
 */
export function overloadBetween(from: LoadReading, to: LoadReading): string | undefined {
  if (from.waitedUs === undefined || to.waitedUs === undefined) {
    const [load = 0, cores] = [loadavg()[0], availableParallelism()];
    return load > cores * 2 ? `load ${load.toFixed(1)} on ${cores} cores` : undefined;
  }
  const share = (to.waitedUs - from.waitedUs) / 1000 / Math.max(1, to.atMs - from.atMs);
  return share >= overloadShare
    ? `programs waited for a processor ${Math.round(Math.min(1, share) * 100)} % of the time`
    : undefined;
}

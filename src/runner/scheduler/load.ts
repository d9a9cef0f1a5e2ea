// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';

/** What the machine has done until one moment. */
export interface LoadReading {
  /** by the clock of `performance.now` */
  readonly atMs: number;
  /**
   * how long programs have waited for a processor, in `µs`, from /proc/pressure/cpu (https://docs.kernel.org/accounting/psi.html);
   * absent if the kernel does not record it
   */
  readonly waitedUs?: number | undefined;
  /** how many threads run or want to run, from /proc/loadavg; absent without /proc */
  readonly runnable?: number | undefined;
  /** time that a hypervisor gave to other machines, and all time, in ticks of all processors, from /proc/stat; absent without /proc */
  readonly ticks?: { readonly stolen: number; readonly all: number } | undefined;
}

/** Reads the current load. */
export async function readLoad(): Promise<LoadReading> {
  const atMs = performance.now();
  const [pressure = '', loadAverage = '', stat = ''] = await Promise.all(
    ['pressure/cpu', 'loadavg', 'stat'].map((name) => readFile(`/proc/${name}`, 'utf8').catch(() => '')),
  );
  return { atMs, ...parseLoad(pressure, loadAverage, stat) };
}

/** Parses /proc/pressure/cpu, /proc/loadavg and /proc/stat. Pure. */
export function parseLoad(pressure: string, loadAverage: string, stat: string): Omit<LoadReading, 'atMs'> {
  const waited = /^some .*total=(\d+)$/m.exec(pressure)?.[1];
  const runnable = /^\S+ \S+ \S+ (\d+)\//.exec(loadAverage)?.[1];
  // user nice system idle iowait irq softirq steal; the guest's times are contained in user and nice
  const ticks = (/^cpu +([\d ]+)/.exec(stat)?.[1] ?? '').split(' ').slice(0, 8).map(Number);
  const [stolen] = ticks.slice(7);
  return {
    waitedUs: waited === undefined ? undefined : Number(waited),
    runnable: runnable === undefined ? undefined : Number(runnable),
    ticks: stolen === undefined ? undefined : { stolen, all: ticks.reduce((sum, one) => sum + one, 0) },
  };
}

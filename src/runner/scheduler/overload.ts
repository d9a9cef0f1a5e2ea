// SPDX-License-Identifier: GPL-3.0-or-later
import { availableParallelism, loadavg } from 'node:os';
import type { LoadReading } from './load.ts';

/** A reading that was due at a certain time. */
export interface LoadSample extends LoadReading {
  /** by how much it came too late, because this process did not run, in `ms` */
  readonly lateMs: number;
}

/**
 * What counts as an overload. The limits are so high that the load of a normal run stays below them: otherwise a broken device would be
 * excused. The pressure alone is no proof: it is 100 % as soon as one of many programs always waits.
 */
const limits = { waitedShare: 0.8, runnablePerCore: 3, stolenShare: 0.25, lateShare: 0.25, lateMs: 3000 };

/**
 * Describes a load between two readings that may have slowed a test down; `undefined` if there was none. It is only a hint: one program
 * that always waits is enough, which excuses nothing. Reads the load average if the kernel does not record waits.
 */
export function pressureBetween(from: LoadReading, to: LoadReading): string | undefined {
  const waited = share(from.waitedUs, to.waitedUs, Math.max(1, to.atMs - from.atMs) * 1000);
  if (waited !== undefined) return waited >= limits.waitedShare ? waitedText(waited) : undefined;
  const [load = 0, cores] = [loadavg()[0], availableParallelism()];
  return load > cores * 2 ? `load ${load.toFixed(1)} on ${cores} cores` : undefined;
}

/** Describes an overload, one measurement per line; `undefined` if there was none. Pure. */
export function overloadOf(samples: readonly LoadSample[], cores: number): readonly string[] | undefined {
  const [first, last, others] = [samples[0], samples.at(-1), samples.slice(1)];
  if (first === undefined || last === undefined || others.length === 0) return undefined;
  const spanMs = Math.max(1, last.atMs - first.atMs);
  const runnable = mean(samples.flatMap((one) => one.runnable ?? []));
  const waited = share(first.waitedUs, last.waitedUs, spanMs * 1000);
  const stolen =
    first.ticks && last.ticks ? share(first.ticks.stolen, last.ticks.stolen, last.ticks.all - first.ticks.all) : undefined;
  const late = others.map(({ lateMs }) => lateMs);
  const [lateSum, lateMost] = [late.reduce((sum, one) => sum + one, 0), Math.max(...late)];
  const isCrowded = runnable !== undefined && runnable >= limits.runnablePerCore * cores;
  const isPressed = isCrowded && (waited ?? 1) >= limits.waitedShare;
  const isStolen = stolen !== undefined && stolen >= limits.stolenShare;
  const isLate = lateMost >= limits.lateMs || lateSum >= Math.max(1000, limits.lateShare * spanMs);
  if (!isPressed && !isStolen && !isLate) return undefined;
  return [
    ...(waited === undefined ? [] : [waitedText(waited)]),
    ...(runnable === undefined ? [] : [`${runnable.toFixed(1)} threads wanted to run at once, on ${cores} cores`]),
    ...(stolen === undefined ? [] : [`the hypervisor gave ${percent(stolen)} of the time to other machines`]),
    `alpy itself did not run when it wanted to for ${(lateSum / 1000).toFixed(1)} of ${(spanMs / 1000).toFixed(1)} s`,
  ];
}

function share(from: number | undefined, to: number | undefined, all: number): number | undefined {
  return from === undefined || to === undefined || all <= 0 ? undefined : Math.min(1, (to - from) / all);
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, one) => sum + one, 0) / values.length;
}

function waitedText(part: number): string {
  return `programs waited for a processor ${percent(part)} of the time`;
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

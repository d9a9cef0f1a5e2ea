// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';

/** What the machine has done until one moment. */
export interface LoadSample {
  /** by the clock of `performance.now` */
  readonly atMs: number;
  /** how long programs have waited for a processor, in `µs`, from /proc/pressure/cpu; absent if the kernel does not record it */
  readonly waitedUs?: number | undefined;
  /** how many threads run or want to run, from /proc/loadavg; absent without /proc */
  readonly runnable?: number | undefined;
  /** time that a hypervisor gave to other machines, and all time, in ticks of all processors, from /proc/stat; absent without /proc */
  readonly ticks?: { readonly stolen: number; readonly all: number } | undefined;
  /** by how much this sample came too late, because this process did not run, in `ms` */
  readonly lateMs: number;
}

/**
 * What counts as an overload. The limits are so high that the load of a normal run stays below them: otherwise a broken device would be
 * excused. The pressure alone is no proof: it is 100 % as soon as one of many programs always waits.
 */
const limits = { waitedShare: 0.8, runnablePerCore: 3, stolenShare: 0.25, lateShare: 0.25, lateMs: 3000 };

/** How often the load is measured, and how long it is kept, in `ms`. */
const [beatMs, keptMs] = [1000, 30 * 60_000];

/** Measures the load of this machine once a second. */
export class LoadMonitor implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #samples: readonly LoadSample[] = [];
  #dueMs = performance.now();

  constructor() {
    this.#timer = setInterval(() => void this.#measure(), beatMs).unref();
    void this.#measure();
  }

  /** Describes an overload between two moments, one measurement per line; `undefined` if there was none. */
  async overloadBetween(fromMs: number, toMs: number): Promise<readonly string[] | undefined> {
    await this.#measure();
    return overloadOf(samplesOf(this.#samples, fromMs, toMs), availableParallelism());
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #measure(): Promise<void> {
    const atMs = performance.now();
    const lateMs = Math.max(0, atMs - this.#dueMs);
    this.#dueMs = atMs + beatMs;
    const [pressure, loadAverage, stat] = await Promise.all(
      ['pressure/cpu', 'loadavg', 'stat'].map((name) => readFile(`/proc/${name}`, 'utf8').catch(() => '')),
    );
    const sample = { atMs, lateMs, ...parseLoad(pressure ?? '', loadAverage ?? '', stat ?? '') };
    this.#samples = [...this.#samples.filter((one) => one.atMs > atMs - keptMs), sample];
  }
}

/** Parses /proc/pressure/cpu, /proc/loadavg and /proc/stat. Pure. */
export function parseLoad(pressure: string, loadAverage: string, stat: string): Omit<LoadSample, 'atMs' | 'lateMs'> {
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

/** The samples of a span of time, with the last one before it. Pure. */
function samplesOf(samples: readonly LoadSample[], fromMs: number, toMs: number): readonly LoadSample[] {
  const before = samples.findLast(({ atMs }) => atMs <= fromMs);
  const after = samples.find(({ atMs }) => atMs >= toMs);
  const [first, last] = [before?.atMs ?? fromMs, after?.atMs ?? toMs];
  return samples.filter(({ atMs }) => atMs >= first && atMs <= last);
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
    ...(waited === undefined ? [] : [`programs waited for a processor ${percent(waited)} of the time`]),
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

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

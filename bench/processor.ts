// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { procText, qemuProcesses } from '../test/support/processes.ts';

/** How the processors were used for a while, in `ms` of all of them together: as long as it takes when all work. */
export interface ProcessorUse {
  /** time of QEMU's processes; of each, up to its last 0.1 s are missing */
  readonly guestsMs: number;
  /** time in which there was nothing to do */
  readonly idleMs: number;
}

const sampleMs = 100;
/** What the kernel counts in, as `getconf CLK_TCK` says: it is 100 on all of Linux's platforms of today. */
const tickMs = 10;

/** Runs `body` and watches meanwhile. */
export async function watchProcessor<T>(body: () => Promise<T>): Promise<{ readonly result: T; readonly use: ProcessorUse }> {
  const ticks = new Map<string, number>();
  const idleBefore = idleTicks();
  const timer = setInterval(() => {
    for (const [pid, used] of guestTicks()) ticks.set(pid, Math.max(used, ticks.get(pid) ?? 0)); // one that ends has none left
  }, sampleMs);
  try {
    const result = await body();
    const scale = tickMs / availableParallelism();
    const guestsMs = [...ticks.values()].reduce((sum, used) => sum + used, 0) * scale;
    return { result, use: { guestsMs, idleMs: (idleTicks() - idleBefore) * scale } };
  } finally {
    clearInterval(timer);
  }
}

function idleTicks(): number {
  const [idle = 0, ioWait = 0] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/ +/).slice(4).map(Number);
  return idle + ioWait;
}

/** Processor time of each QEMU, by its PID. */
function guestTicks(): [pid: string, ticks: number][] {
  return qemuProcesses().map((pid) => {
    // fields 14 and 15 of proc_pid_stat(5); the name, which is the second, may have blanks in it
    const [user = 0, system = 0] = procText(pid, 'stat')
      .replace(/^.*\) /, '')
      .split(' ')
      .slice(11)
      .map(Number);
    return [pid, user + system];
  });
}

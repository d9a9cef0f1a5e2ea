// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { procText, qemuProcesses } from '../test/support/processes.ts';

/** How the processors were used, in `ms` of all processors together: 1 s in which all of them work counts as 1000. */
export interface ProcessorUse {
  /** time of QEMU's processes; up to the last 0.1 s of each is missing */
  readonly guestsMs: number;
  /** idle time */
  readonly idleMs: number;
}

const sampleMs = 100;
/** The kernel's unit of processor time. `getconf CLK_TCK` is 100 on all current platforms of Linux. */
const tickMs = 10;

/** Runs `body` and measures how the processors are used meanwhile. */
export async function watchProcessor<T>(body: () => Promise<T>): Promise<{ readonly result: T; readonly use: ProcessorUse }> {
  const ticks = new Map<string, number>();
  const idleBefore = idleTicks();
  const timer = setInterval(() => {
    for (const [pid, used] of guestTicks()) ticks.set(pid, Math.max(used, ticks.get(pid) ?? 0)); // a process that is ending reports 0
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
    // fields 14 and 15 of proc_pid_stat(5); field 2, the name, may contain blanks
    const [user = 0, system = 0] = procText(pid, 'stat')
      .replace(/^.*\) /, '')
      .split(' ')
      .slice(11)
      .map(Number);
    return [pid, user + system];
  });
}

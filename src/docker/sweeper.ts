// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../core/errors.ts';
import { parseIdentity, processState, type ProcessIdentity } from '../core/identity.ts';
import { markHandled } from '../core/mark-handled.ts';
import { Engine } from './engine.ts';
import type { GuardedRun, GuardNote } from './guard.ts';
import { removeGuardedFiles } from './guarded-files.ts';
import { removeOfDead } from './leftovers.ts';

/** Times of a sweep, in `ms`. */
export interface SweepTimes {
  /** how long processes of the run may take to notice its end. Then they are killed: they may be stopped, or in an endless loop */
  readonly graceMs: number;
  /**
   * how long nothing may have been found after the end of all processes. A killed process may just have requested a container, and no
   * event says that the daemon has dropped such a request, so the default is an estimate
   */
  readonly quietMs: number;
  readonly pollMs: number;
  /**
   * how long to wait for a daemon that does not answer: it may be restarting, and then has containers of the run. The next run and
   * `alpy clean` remove what is left after that
   */
  readonly lateMs: number;
}

const defaultTimes: SweepTimes = { graceMs: 1000, quietMs: 700, pollMs: 200, lateMs: 3500 };
const connectTimeoutMs = 5000;

/**
 * Removes what a dead run left: its processes, its containers whose owner is dead, and the noted files. Touches nothing of processes
 * that live, and nothing that is younger than the call: a new run may use the same folders.
 * @throws DaemonError, ContainerError
 */
export async function sweep(run: GuardedRun, notes: readonly GuardNote[], times: Partial<SweepTimes> = {}): Promise<void> {
  const allTimes = { ...defaultTimes, ...times };
  const beganMs = Date.now();
  const processes = notes.flatMap((note) => ('process' in note ? (parseIdentity(note.process) ?? []) : []));
  const owners = notes.flatMap((note) => ('owner' in note ? (parseIdentity(note.owner) ?? []) : []));
  const ended = untilDead(owners, allTimes).then(() => endProcesses(processes, allTimes));
  const filesRemoved = ended.then(() => removeGuardedFiles(notes, beganMs));
  markHandled(filesRemoved); // awaited below
  try {
    await removeContainers(run, ended, allTimes);
  } finally {
    await filesRemoved; // also without a daemon
  }
}

async function removeContainers(run: GuardedRun, processesEnded: Promise<void>, times: SweepTimes): Promise<void> {
  const { quietMs, pollMs } = times;
  using engine = await connect(run, times);
  const state = { haveEnded: false };
  void processesEnded.then(() => {
    state.haveEnded = true;
  });
  let quietSinceMs = performance.now();
  for (;;) {
    const mayGrow = !state.haveEnded;
    const removed = await removeOfDead(engine, run.runId);
    if (mayGrow || removed.length > 0) quietSinceMs = performance.now();
    else if (performance.now() - quietSinceMs >= quietMs) return;
    await sleep(pollMs);
  }
}

async function connect({ runId, socketPath }: GuardedRun, { pollMs, lateMs }: SweepTimes): Promise<Engine> {
  const limitMs = performance.now() + lateMs;
  for (;;) {
    try {
      return await Engine.connect({ runId, socketPath, lateMs: 0, isGuarded: false }, { timeoutMs: connectTimeoutMs });
    } catch (error) {
      if (performance.now() >= limitMs) throw error;
      await sleep(pollMs);
    }
  }
}

/** Waits until all processes are dead. A process that lives although its pipe is closed may still need everything. */
async function untilDead(processes: readonly ProcessIdentity[], { pollMs }: SweepTimes): Promise<void> {
  while (processes.some((one) => processState(one) === 'alive')) await sleep(pollMs / 4);
}

/** Waits until all processes are dead, and kills those that take too long. */
async function endProcesses(processes: readonly ProcessIdentity[], { graceMs, pollMs }: SweepTimes): Promise<void> {
  const startMs = performance.now();
  let alive = processes;
  for (;;) {
    alive = alive.filter((one) => processState(one) === 'alive');
    if (alive.length === 0) return;
    if (performance.now() - startMs >= graceMs) for (const { pid } of alive) kill(pid);
    await sleep(pollMs / 4);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error; // it has just ended
  }
}

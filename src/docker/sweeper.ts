// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../core/errors.ts';
import { parseIdentity, processState, type ProcessIdentity } from '../core/identity.ts';
import { markHandled } from '../core/mark-handled.ts';
import { Engine } from './engine.ts';
import type { GuardedRun, GuardNote } from './guard.ts';
import { removeGuardedFiles } from './guarded-files.ts';
import { removeOfDead } from './leftovers.ts';

/** How long processes of the run may take to notice its end, in `ms`. Then they are killed: they may be stopped, or in an endless loop. */
const graceMs = 1000;
/**
 * How long nothing may have been found after the end of all processes, in `ms`. A killed process may just have requested a container,
 * and no event says that the daemon has dropped such a request, so this is an estimate.
 */
const quietMs = 700;
const pollMs = 200;
const connectTimeoutMs = 5000;

/**
 * Removes what a dead run left: its processes, its containers whose owner is dead, and the noted files. Touches nothing of processes
 * that live, and nothing that is younger than the call: a new run may use the same folders.
 * @throws DaemonError, ContainerError
 */
export async function sweep(run: GuardedRun, notes: readonly GuardNote[]): Promise<void> {
  const beganMs = Date.now();
  const processes = notes.flatMap((note) => ('process' in note ? (parseIdentity(note.process) ?? []) : []));
  const owners = notes.flatMap((note) => ('owner' in note ? (parseIdentity(note.owner) ?? []) : []));
  const ended = untilDead(owners).then(() => endProcesses(processes));
  const filesRemoved = ended.then(() => removeGuardedFiles(notes, beganMs));
  markHandled(filesRemoved); // awaited below
  try {
    await removeContainers(run, ended);
  } finally {
    await filesRemoved; // also without a daemon
  }
}

async function removeContainers({ runId, socketPath }: GuardedRun, processesEnded: Promise<void>): Promise<void> {
  using engine = await Engine.connect({ runId, socketPath, lateMs: 0, isGuarded: false }, { timeoutMs: connectTimeoutMs });
  const state = { haveEnded: false };
  void processesEnded.then(() => {
    state.haveEnded = true;
  });
  let quietSinceMs = performance.now();
  for (;;) {
    const mayGrow = !state.haveEnded;
    const removed = await removeOfDead(engine, runId);
    if (mayGrow || removed.length > 0) quietSinceMs = performance.now();
    else if (performance.now() - quietSinceMs >= quietMs) return;
    await sleep(pollMs);
  }
}

/** Waits until all processes are dead. A process that lives although its pipe is closed may still need everything. */
async function untilDead(processes: readonly ProcessIdentity[]): Promise<void> {
  while (processes.some((one) => processState(one) === 'alive')) await sleep(pollMs / 4);
}

/** Waits until all processes are dead, and kills those that take too long. */
async function endProcesses(processes: readonly ProcessIdentity[]): Promise<void> {
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

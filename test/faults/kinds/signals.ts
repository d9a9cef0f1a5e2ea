// SPDX-License-Identifier: GPL-3.0-or-later
// Signals to the processes of a run.
import { setTimeout as sleep } from 'node:timers/promises';
import { phases, type Phase } from '../phases.ts';
import type { Target } from '../target.ts';
import type { Expectation, FaultKind } from './kind.ts';
import { MissedError } from '../missed-error.ts';

const signals = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const;
type SignalName = (typeof signals)[number];

/** Phases in which a worker exists: it loads its test file before the first one. */
const workerPhases = phases.filter((phase) => phase !== 'inspect' && phase !== 'reporting');

const statusOf: Readonly<Record<SignalName, number | NodeJS.Signals>> = {
  SIGKILL: 'SIGKILL',
  SIGTERM: 143,
  SIGINT: 130,
  SIGHUP: 129,
};

/** Sends a signal. @param pid - negative for a process group */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    throw new MissedError(`the process has ended: ${String(error)}`, { cause: error });
  }
}

async function stopAndContinue(pid: number, { detail }: Target): Promise<void> {
  send(pid, 'SIGSTOP');
  await sleep(200 + 2000 * detail);
  send(pid, 'SIGCONT');
}

function toMain(signal: SignalName): FaultKind {
  return {
    name: `main-${signal}`,
    phases,
    expected: { statuses: [statusOf[signal]], early: signal },
    losesReports: signal === 'SIGKILL',
    limitMs: 15_000,
    inject: ({ pid }) => {
      send(pid, signal);
    },
  };
}

function toGroup(signal: SignalName): FaultKind {
  return {
    ...toMain(signal),
    name: `group-${signal}`,
    inject: ({ pid }) => {
      send(-pid, signal);
    },
  };
}

const ofWorker: Readonly<Record<SignalName, Pick<FaultKind, 'expected' | 'harmless'>>> = {
  SIGKILL: { expected: { statuses: [3], causes: [{ code: 'ALPY_WORKER_DIED', fault: 'environment' }] } },
  SIGTERM: { expected: never(), harmless: 'a worker that runs tests ignores SIGTERM, with which Vitest ends idle ones' },
  SIGINT: { expected: never(), harmless: 'workers ignore SIGINT, which a terminal sends to the whole group' },
  SIGHUP: { expected: never(), harmless: 'workers ignore SIGHUP, which a terminal sends to the whole group' },
};

function toWorker(signal: SignalName): FaultKind {
  return {
    ...ofWorker[signal],
    name: `worker-${signal}`,
    phases: workerPhases,
    inject: async (target) => {
      send(await target.worker(), signal);
    },
  };
}

function stopping(name: string, allPhases: readonly Phase[], pidOf: (target: Target) => Promise<number>): FaultKind {
  return {
    name: `${name}-SIGSTOP`,
    phases: allPhases,
    expected: never(),
    harmless: 'a process that was stopped for up to 2 s goes on',
    inject: async (target) => stopAndContinue(await pidOf(target), target),
  };
}

/** The run must pass. */
function never(): Expectation {
  return { statuses: [] };
}

/** Signals to the main process, a worker, or all processes of the run. */
export const signalKinds: readonly FaultKind[] = [
  ...signals.flatMap((signal) => [toMain(signal), toGroup(signal), toWorker(signal)]),
  stopping('main', phases, ({ pid }) => Promise.resolve(pid)),
  stopping('group', phases, ({ pid }) => Promise.resolve(-pid)),
  stopping('worker', workerPhases, (target) => target.worker()),
];

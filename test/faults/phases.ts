// SPDX-License-Identifier: GPL-3.0-or-later

/** The phases of a run in which faults are injected. */
export const phases = ['inspect', 'set-up', 'boot', 'save', 'restore', 'test', 'tear-down', 'reporting'] as const;

/** One of {@link phases}. */
export type Phase = (typeof phases)[number];

/** How a phase begins, as the run's output shows it, and how long it lasts. */
export interface PhaseMoment {
  /** the line with which it begins; absent for the start of the process */
  readonly line?: RegExp;
  /** how often the line comes in a run: once for each test, or once */
  readonly isPerTest: boolean;
  /** longest delay between the line and the fault, in `ms` */
  readonly lengthMs: number;
}

/** When each phase begins. Only runs without a snapshot boot and save; all others restore. */
export const moments: Readonly<Record<Phase, PhaseMoment>> = {
  inspect: { isPerTest: false, lengthMs: 700 },
  'set-up': { line: /^(\[\S+\] )?INFO \S+ Set the testbed up\.\.\.$/, isPerTest: true, lengthMs: 300 },
  boot: { line: / > Log in as root\.\.\.$/, isPerTest: false, lengthMs: 6000 },
  save: { line: / > Save the snapshot\.\.\.$/, isPerTest: false, lengthMs: 600 },
  restore: { line: / > Load the snapshot\.\.\.$/, isPerTest: true, lengthMs: 150 },
  test: { line: /INFO test Use the testbed\.\.\.$/, isPerTest: true, lengthMs: 1000 },
  'tear-down': { line: /INFO \S+ Tear the testbed down\.\.\.$/, isPerTest: true, lengthMs: 150 },
  reporting: { line: /^(PASSED|FAILED|ERROR|SKIPPED) /, isPerTest: false, lengthMs: 250 },
};

/** Whether a phase exists only in runs that have no snapshot yet. */
export function needsBoot(phase: Phase): boolean {
  return phase === 'boot' || phase === 'save';
}

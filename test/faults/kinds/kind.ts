// SPDX-License-Identifier: GPL-3.0-or-later
import type { Fault } from '../../../src/core/errors.ts';
import type { Phase } from '../phases.ts';
import type { PlannedKind } from '../plan.ts';
import type { ProjectChanges } from '../project.ts';
import type { Target } from '../target.ts';

/** How a run that a fault has hit must end. */
export interface Expectation {
  /** exit statuses of the run, or the signal that ended it */
  readonly statuses: readonly (number | NodeJS.Signals)[];
  /** the signal that may end the main process before the run has begun its tests: its program is not loaded yet */
  readonly early?: NodeJS.Signals;
  /** errors of which at least one must be reported; absent if the run reports no error */
  readonly causes?: readonly Cause[];
}

/** An error that names the true cause. */
export interface Cause {
  /** a failed assertion has none */
  readonly code: string | undefined;
  /** default: any */
  readonly fault?: Fault;
  /** what its message says; default: anything */
  readonly message?: RegExp;
}

/** A kind of fault. */
export interface FaultKind extends PlannedKind {
  readonly expected: Expectation;
  /** why a run may pass although the fault hit it before its last test had ended; absent if it may not */
  readonly harmless?: string | undefined;
  /** the phases in which that holds; default: all */
  readonly harmlessIn?: readonly Phase[];
  /** whether the guest does it by itself: the moment of the case is then only that from which a run may fail */
  readonly isByGuest?: boolean;
  /** changes of the project, by the random number of the case */
  readonly project?: ((detail: number) => ProjectChanges) | undefined;
  /** variables for the environment of the run. @param directory - absolute path of its project */
  readonly env?: (directory: string) => Readonly<Record<string, string>>;
  /** whether the run has a snapshot store of its own, which the fault damages */
  readonly hasOwnStore?: boolean;
  /** whether a proxy, which can freeze and break, stands between the run and the daemon */
  readonly usesProxy?: boolean;
  /** whether the run uses the campaign's own daemon, which the fault hits */
  readonly usesOwnDaemon?: boolean;
  /** whether it belongs only to campaigns of more than 50 faults */
  readonly isSlow?: boolean;
  /** a folder of the project that gets a small file system of its own */
  readonly small?: { readonly folder: 'alpy-out' | 'snapshots'; readonly megabytes: number };
  /** how long the run may take after the fault, in `ms`; default: 180 s */
  readonly limitMs?: number;
  /** whether the reports may be missing or incomplete: the main process was killed, or cannot write files */
  readonly losesReports?: boolean;
  /**
   * Injects the fault.
   * @throws MissedError when what it should hit does not exist any more
   */
  readonly inject: (target: Target) => Promise<void> | void;
}

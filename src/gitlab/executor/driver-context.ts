// SPDX-License-Identifier: GPL-3.0-or-later
import type { Variables } from '../../core/variables.ts';
import type { Job } from './job.ts';
import type { Settings } from './settings.ts';

/** What each stage of the driver works with. */
export interface DriverContext {
  readonly settings: Settings;
  readonly job: Job;
  /** the driver's own environment, which the administrator controls */
  readonly env: Variables;
  readonly accelCacheFile: string;
}

/** How a stage reports to the job's log, and how it is cancelled. */
export interface StageIo {
  /** writes a line to the job's log */
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  /** command line of `alpy keep`, which serves the testbed's session */
  readonly serverCommand: readonly string[];
}

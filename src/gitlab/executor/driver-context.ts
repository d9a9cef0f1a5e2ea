// SPDX-License-Identifier: GPL-3.0-or-later
import type { Job } from './job.ts';
import type { Settings } from './settings.ts';
import type { Variables } from '../../core/variables.ts';

/** What the driver knows when it is called. */
export interface DriverContext {
  readonly settings: Settings;
  readonly job: Job;
  /** the driver's own environment, of the administrator */
  readonly env: Variables;
  readonly accelCacheFile: string;
}

/** How a stage of the driver talks and is stopped. */
export interface StageIo {
  /** takes what is to stand in the job's log */
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  /** words that start `alpy keep` */
  readonly serverCommand: readonly string[];
}

// SPDX-License-Identifier: GPL-3.0-or-later
export { cleanUpJob } from './stages/cleanup.ts';
export { install, readRunner } from './install/install.ts';
export { readJob, type Job } from './job.ts';
export { outcomeOfError, reportOutcome, type Outcome } from './outcome.ts';
export { removeDeadJobs } from './leftovers.ts';
export { jobPaths, longestSocketOf } from './paths.ts';
export type { DriverContext, StageIo } from './driver-context.ts';
export { prepareJob } from './stages/prepare.ts';
export { runStage } from './stages/run.ts';
export { differences, configExcerpt, timeoutSuggestion, requiredKeys, type RunnerEntry } from './install/runner-config.ts';
export { defaultSettings, loadSettings, settingsJsonSchema, type Settings } from './settings.ts';
export { runSmokeJob, type SmokeFailure } from './install/smoke.ts';

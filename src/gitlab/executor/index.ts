// SPDX-License-Identifier: GPL-3.0-or-later
export { cleanUpJob } from './cleanup.ts';
export { install, readRunner, type Installation } from './install.ts';
export { readJob, type Job } from './job.ts';
export { outcomeOfError, tellOutcome, type Outcome } from './outcome.ts';
export { removeDeadJobs } from './leftovers.ts';
export { jobPaths, longestSocketOf } from './paths.ts';
export type { DriverContext } from './plan.ts';
export { prepareJob, type StageIo } from './prepare.ts';
export { runStage } from './run.ts';
export { differences, printedPart, timeoutProposal, wantedKeys, type RunnerEntry, type WantedKeys } from './runner-config.ts';
export { lookAtRunnerVersion } from './runner-version.ts';
export { defaultSettings, loadSettings, settingsJsonSchema, type Settings } from './settings.ts';
export { playSmokeJob, type Smoke, type SmokeFailure } from './smoke.ts';

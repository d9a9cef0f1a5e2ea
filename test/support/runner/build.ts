// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as pause } from 'node:timers/promises';
import { CustomExecutor, type RunnerOptions, type Watcher } from './custom-executor.ts';
import { failureOf, JobFailure } from './failure.ts';
import { truthOf } from './feature-flags.ts';
import type { JobPayload } from './payload.ts';

/** How often the runner tries `prepare`. */
const attempts = 3;
/** How long `after_script` may take, in `ms`. */
const afterScriptTimeoutMs = 300_000;

/** Controls a job from outside, and gets its events. */
export interface BuildControl extends Watcher {
  /** aborts at the job's timeout, or when the job is aborted; its reason is a {@link JobFailure} */
  readonly signal: AbortSignal;
  /** sets what a cancel in GitLab does from now on; at first it aborts the job */
  readonly onCancel: (cancel: () => void) => void;
  /** called for each attempt to prepare */
  readonly attempt: () => void;
}

/**
 * Runs a job as GitLab Runner 19.4.0 does (common/build.go), but without pauses between attempts at get_sources and similar stages.
 * @throws JobFailure when it fails
 */
export async function runBuild(
  payload: JobPayload,
  optionsOf: (attempt: number) => RunnerOptions,
  control: BuildControl,
): Promise<void> {
  const executor = await prepared(payload, optionsOf, control);
  try {
    await runStages(payload, executor, control);
    control.signal.throwIfAborted();
  } catch (error) {
    throw control.signal.aborted ? failureOf(control.signal.reason) : failureOf(error);
  } finally {
    await executor.cleanUp();
  }
}

async function prepared(
  payload: JobPayload,
  optionsOf: (attempt: number) => RunnerOptions,
  control: BuildControl,
): Promise<CustomExecutor> {
  for (let attempt = 1; ; attempt++) {
    const options = optionsOf(attempt);
    control.attempt();
    const executor = await CustomExecutor.open(payload, options, control);
    try {
      await executor.prepare(control.signal);
      return executor;
    } catch (error) {
      await executor.cleanUp();
      const failure = failureOf(control.signal.aborted ? control.signal.reason : error);
      if (failure.reason !== 'runner_system_failure' || attempt === attempts) throw failure;
      control.log(`Preparation failed: ${failure.message}\nWill be retried in ${options.pauseMs / 1000}s ...\n`);
      await pause(options.pauseMs);
    }
  }
}

async function runStages(payload: JobPayload, executor: CustomExecutor, control: BuildControl): Promise<void> {
  const { signal } = control;
  const run = async (stage: string, status = 'running', stop = signal): Promise<void> => {
    stop.throwIfAborted();
    await executor.run(stage, status, stop);
  };
  await run('prepare_script');
  const failure = await failureIn(async () => {
    await getSources(payload, run);
    await attempt(payload, 'RESTORE_CACHE_ATTEMPTS', () => run('restore_cache'));
    await attempt(payload, 'ARTIFACT_DOWNLOAD_ATTEMPTS', () => run('download_artifacts'));
    await runUserScripts(payload, run, control);
  });
  const after = async (stage: string): Promise<JobFailure | undefined> => failureIn(() => run(stage, statusOf(failure)));
  const archived = await after(failure ? 'archive_cache_on_failure' : 'archive_cache');
  const uploaded = await after(failure ? 'upload_artifacts_on_failure' : 'upload_artifacts_on_success');
  await after('cleanup_file_variables');
  const worst = failure ?? archived ?? uploaded;
  if (worst) throw worst;
}

type Run = (stage: string, status?: string, stop?: AbortSignal) => Promise<void>;

async function getSources(payload: JobPayload, run: Run): Promise<void> {
  await attempt(payload, 'GET_SOURCES_ATTEMPTS', async (index) => {
    if (index === 1) await run('clear_worktree');
    await run('get_sources');
  });
}

/** Runs a body until it succeeds. @param variable - holds the number of attempts, at most 10 */
async function attempt(payload: JobPayload, variable: string, body: (index: number) => Promise<void>): Promise<void> {
  const tries = Math.min(10, Math.max(1, Number(valueOf(payload, variable)) || 1));
  for (let index = 0; ; index++) {
    const failure = await failureIn(() => body(index));
    if (!failure) return;
    if (index + 1 >= tries) throw failure;
  }
}

function valueOf({ variables }: JobPayload, name: string): string {
  return variables.findLast(({ key }) => key === name)?.value ?? '';
}

/** A signal that aborts with a {@link JobFailure} after the time in a variable. @param defaultMs - absent for no limit */
function limitOf(payload: JobPayload, variable: string, defaultMs?: number): AbortSignal {
  const [, digits, unit] = /^(\d+)(ms|s|m|h)$/.exec(valueOf(payload, variable)) ?? []; // a duration of Go with one unit
  const ms = digits === undefined ? defaultMs : Number(digits) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as 's'];
  const limit = new AbortController();
  if (ms === undefined) return limit.signal;
  const stop = (): void => {
    limit.abort(new JobFailure(`${variable}: execution took longer than ${ms} ms`, 'job_execution_timeout'));
  };
  setTimeout(stop, ms).unref();
  return limit.signal;
}

async function runUserScripts(payload: JobPayload, run: Run, { signal, onCancel, log }: BuildControl): Promise<void> {
  const { steps } = payload;
  const cancelled = new AbortController();
  onCancel(() => {
    cancelled.abort(new JobFailure('canceled', 'canceled')); // the stages after the scripts still run
  });
  const scripts = AbortSignal.any([signal, cancelled.signal, limitOf(payload, 'RUNNER_SCRIPT_TIMEOUT')]);
  const failure = await failureIn(async () => {
    for (const { name } of steps) if (name !== 'after_script') await run(`step_${name.toLowerCase()}`, 'running', scripts);
    scripts.throwIfAborted();
  });
  const limited = AbortSignal.any([signal, limitOf(payload, 'RUNNER_AFTER_SCRIPT_TIMEOUT', afterScriptTimeoutMs)]);
  const afterFailure = await failureIn(() => run('after_script', statusOf(failure), limited));
  const isIgnored = truthOf(valueOf(payload, 'AFTER_SCRIPT_IGNORE_ERRORS')) ?? true;
  if (afterFailure && isIgnored && !signal.aborted)
    log(`after_script failed, but job will continue unaffected: ${afterFailure.message}\n`);
  const worst = failure ?? (isIgnored ? undefined : afterFailure);
  if (worst) throw worst;
}

async function failureIn(body: () => Promise<void>): Promise<JobFailure | undefined> {
  try {
    await body();
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}

/** The value of `CI_JOB_STATUS`. */
function statusOf(failure: JobFailure | undefined): string {
  if (!failure) return 'success';
  return { canceled: 'canceled', job_execution_timeout: 'timedout' }[failure.reason as string] ?? 'failed';
}

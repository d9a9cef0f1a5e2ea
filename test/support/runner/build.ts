// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as pause } from 'node:timers/promises';
import { CustomExecutor, type RunnerOptions, type Watcher } from './custom-executor.ts';
import { failureOf, JobFailure } from './failure.ts';
import type { JobPayload } from './payload.ts';

/** How often the runner tries to prepare. */
const attempts = 3;
/** How long `after_script` may take, in `ms`. */
const afterScriptTimeoutMs = 300_000;

/** What can be done to a job from outside, and what is noted of it. */
export interface BuildControl extends Watcher {
  /** fires at the job's time-out, or when it is aborted; its reason is a {@link JobFailure} */
  readonly signal: AbortSignal;
  /** says what a cancel in GitLab is to do from now on; at first it aborts */
  readonly onCancel: (cancel: () => void) => void;
  readonly attempt: () => void;
}

/**
 * Runs a job to its end, as GitLab Runner does (common/build.go).
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
      control.log(`Preparation failed: ${failure.message}\nWill be retried in ${String(options.pauseMs / 1000)}s ...\n`);
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
    await run('restore_cache');
    await run('download_artifacts');
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

async function getSources({ variables }: JobPayload, run: Run): Promise<void> {
  const tries = Number(variables.findLast(({ key }) => key === 'GET_SOURCES_ATTEMPTS')?.value ?? '1');
  for (let attempt = 0; ; attempt++) {
    const failure = await failureIn(async () => {
      if (attempt === 1) await run('clear_worktree');
      await run('get_sources');
    });
    if (!failure) return;
    if (attempt + 1 >= tries) throw failure;
  }
}

async function runUserScripts(
  { steps, variables }: JobPayload,
  run: Run,
  { signal, onCancel, log }: BuildControl,
): Promise<void> {
  const cancelled = new AbortController();
  onCancel(() => {
    cancelled.abort(new JobFailure('canceled', 'canceled')); // what comes after the scripts is still done
  });
  const limit = variables.findLast(({ key }) => key === 'RUNNER_SCRIPT_TIMEOUT')?.value;
  const overdue = new AbortController();
  const timer = setTimeout(
    () => {
      overdue.abort(new JobFailure('script timeout exceeded', 'job_execution_timeout')); // the same follows as after a cancel
    },
    secondsOf(limit) * 1000,
  );
  const scripts = AbortSignal.any([signal, cancelled.signal, overdue.signal]);
  const failure = await failureIn(async () => {
    for (const { name } of steps) if (name !== 'after_script') await run(`step_${name.toLowerCase()}`, 'running', scripts);
    scripts.throwIfAborted();
  });
  clearTimeout(timer);
  const limited = AbortSignal.any([signal, AbortSignal.timeout(afterScriptTimeoutMs)]);
  const complaint = await failureIn(() => run('after_script', statusOf(failure), limited));
  if (complaint && !signal.aborted) log(`after_script failed, but job will continue unaffected: ${complaint.message}\n`);
  if (failure) throw failure;
}

/** A duration of Go's, as far as tests use them: `8s`. Without one, the timer's longest. */
function secondsOf(duration: string | undefined): number {
  const seconds = /^(\d+)s$/.exec(duration ?? '')?.[1];
  return seconds === undefined ? 2_000_000 : Number(seconds);
}

async function failureIn(body: () => Promise<void>): Promise<JobFailure | undefined> {
  try {
    await body();
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}

/** `CI_JOB_STATUS` */
function statusOf(failure: JobFailure | undefined): string {
  if (!failure) return 'success';
  return { canceled: 'canceled', job_execution_timeout: 'timedout' }[failure.reason as string] ?? 'failed';
}

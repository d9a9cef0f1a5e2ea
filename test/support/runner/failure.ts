// SPDX-License-Identifier: GPL-3.0-or-later
// Source: gitlab-org/gitlab-runner 19.4.0, executors/custom/command.

/** GitLab's names for the reasons of a failure. */
export type FailureReason = 'script_failure' | 'runner_system_failure' | 'job_execution_timeout' | 'canceled';

/** Ends a job as failed. */
export class JobFailure extends Error {
  readonly reason: FailureReason;
  readonly exitCode: number | undefined;

  constructor(message: string, reason: FailureReason, exitCode?: number) {
    super(message);
    this.reason = reason;
    this.exitCode = exitCode;
  }
}

/** Turns any error into a failure: everything except a {@link JobFailure} is a system failure. */
export function failureOf(error: unknown): JobFailure {
  if (error instanceof JobFailure) return error;
  return new JobFailure(error instanceof Error ? error.message : String(error), 'runner_system_failure');
}

/**
 * Turns the exit status of a driver into a failure, as the runner does.
 * @param exitCodeText - contents of `BUILD_EXIT_CODE_FILE`; `undefined` if it does not exist
 * @returns `undefined` for status 0
 */
export function failureOfStatus(status: number, exitCodeText: string | undefined): JobFailure | undefined {
  if (status === 0) return undefined;
  if (status === 2) return new JobFailure('exit status 2', 'runner_system_failure');
  if (status !== 1) return new JobFailure(`unknown Custom executor executable exit code ${status}`, 'runner_system_failure');
  if (exitCodeText === undefined) return new JobFailure('exit status 1', 'script_failure', 1);
  const [line = ''] = exitCodeText.split('\n');
  if (!/^[+-]?\d+$/.test(line))
    return new JobFailure(`BUILD_EXIT_CODE_FILE holds ${JSON.stringify(line)}, which is no number`, 'runner_system_failure');
  return new JobFailure(`exit status ${line}`, 'script_failure', Number(line));
}

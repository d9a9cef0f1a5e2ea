// SPDX-License-Identifier: GPL-3.0-or-later

/** Why a job failed, as GitLab calls it. */
export type FailureReason = 'script_failure' | 'runner_system_failure' | 'job_execution_timeout' | 'canceled';

/** What ends a job before its time. */
export class JobFailure extends Error {
  readonly reason: FailureReason;
  readonly exitCode: number | undefined;

  constructor(message: string, reason: FailureReason, exitCode?: number) {
    super(message);
    this.reason = reason;
    this.exitCode = exitCode;
  }
}

/** How the runner takes anything that was thrown: what is no failure of the job is one of the system. */
export function failureOf(error: unknown): JobFailure {
  if (error instanceof JobFailure) return error;
  return new JobFailure(error instanceof Error ? error.message : String(error), 'runner_system_failure');
}

/**
 * How the runner takes the exit status of a driver.
 * @param exitCodeText - contents of `BUILD_EXIT_CODE_FILE`; `undefined` when there is no such file
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

// SPDX-License-Identifier: GPL-3.0-or-later
import { rm, writeFile } from 'node:fs/promises';
import { AlpyError, statusByFault, type Fault } from '../../core/errors.ts';
import type { Variables } from '../../core/variables.ts';

/**
 * How a stage ends, in the runner's terms. `failure`: the job is to blame; it fails with `script_failure`, and
 * `allow_failure:exit_codes` compares `exitCode`. `system`: the runner or its machine is to blame; the job fails with
 * `runner_system_failure`, and the runner tries `prepare` again.
 */
export type Outcome = { readonly kind: 'success' | 'system' } | { readonly kind: 'failure'; readonly exitCode: number };

/** Why a job has no testbed, and how to report that to the runner. Plain data. */
export interface NoTestbed {
  readonly message: string;
  readonly code: string;
  readonly fault: Fault;
  readonly outcome: Outcome;
}

/** The job's testbed could not be created. */
export class NoTestbedError extends AlpyError {
  readonly code: string;
  readonly fault: Fault;
  readonly outcome: Outcome;

  constructor({ message, code, fault, outcome }: NoTestbed, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.fault = fault;
    this.outcome = outcome;
  }
}

/**
 * Reports to the runner how a stage ended.
 * @param env - of the driver: `BUILD_FAILURE_EXIT_CODE`, `SYSTEM_FAILURE_EXIT_CODE`, `BUILD_EXIT_CODE_FILE`
 * @returns the exit status for the driver; the runner treats any other status as a system failure
 */
export async function reportOutcome(outcome: Outcome, env: Variables): Promise<number> {
  const file = env['BUILD_EXIT_CODE_FILE'];
  if (outcome.kind === 'failure') {
    if (file) await writeFile(file, `${outcome.exitCode}\n`);
    return statusOf(env['BUILD_FAILURE_EXIT_CODE'], 1);
  }
  if (file) await rm(file, { force: true }); // the runner does not clear it between stages
  return outcome.kind === 'success' ? 0 : statusOf(env['SYSTEM_FAILURE_EXIT_CODE'], 2);
}

function statusOf(text: string | undefined, fallback: number): number {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : fallback;
}

/** The outcome of a script: any status other than 0 is the job's failure. Pure. */
export function outcomeOfStatus(status: number): Outcome {
  return status === 0 ? { kind: 'success' } : { kind: 'failure', exitCode: status };
}

/**
 * The outcome for an error: the job is to blame for what it declares and what its device does, the machine for everything else. The
 * exit statuses are those of `alpy`. Pure.
 */
export function outcomeOfError(error: unknown): Outcome {
  if (error instanceof NoTestbedError) return error.outcome;
  if (error instanceof AlpyError && (error.fault === 'usage' || error.fault === 'device'))
    return { kind: 'failure', exitCode: statusByFault[error.fault] };
  return { kind: 'system' };
}

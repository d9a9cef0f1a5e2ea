// SPDX-License-Identifier: GPL-3.0-or-later
import { rm, writeFile } from 'node:fs/promises';
import { AlpyError, statusByFault, type Fault } from '../../core/errors.ts';
import type { Variables } from '../../core/variables.ts';

/**
 * How a stage ends, in the runner's words. `failure`: the job is to blame; it fails as `script_failure`, and `exitCode` is
 * what `allow_failure:exit_codes` compares. `system`: the runner or its machine is; the job fails as
 * `runner_system_failure`, and a prepare is tried again.
 */
export type Outcome = { readonly kind: 'success' | 'system' } | { readonly kind: 'failure'; readonly exitCode: number };

/** Why a job has no testbed, and how to report that to the runner. Plain data. */
export interface NoTestbed {
  readonly message: string;
  readonly code: string;
  readonly fault: Fault;
  readonly outcome: Outcome;
}

/** A job has no testbed. */
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
 * Tells the runner how a stage ended.
 * @param env - of the driver: `BUILD_FAILURE_EXIT_CODE`, `SYSTEM_FAILURE_EXIT_CODE`, `BUILD_EXIT_CODE_FILE`
 * @returns the status to end with; any other than these three would be a system failure
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

function statusOf(text: string | undefined, otherwise: number): number {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : otherwise;
}

/** How a script ended: any status other than 0 is the job's. Pure. */
export function outcomeOfStatus(status: number): Outcome {
  return status === 0 ? { kind: 'success' } : { kind: 'failure', exitCode: status };
}

/**
 * Who is to blame for an error: the job for what it declares and what its device does, the machine for all else, as in the
 * exit status of `alpy`. Pure.
 */
export function outcomeOfError(error: unknown): Outcome {
  if (error instanceof NoTestbedError) return error.outcome;
  if (error instanceof AlpyError && (error.fault === 'usage' || error.fault === 'device'))
    return { kind: 'failure', exitCode: statusByFault[error.fault] };
  return { kind: 'system' };
}

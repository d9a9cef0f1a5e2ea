// SPDX-License-Identifier: GPL-3.0-or-later
import { execa } from 'execa';
import { EnvironmentError } from '../../../core/errors.ts';
import type { Variables } from '../../../core/variables.ts';

/** Variables that the runner sets for the driver only. The script itself sets the variables of the job. */
const driverVariables =
  /^(CUSTOM_ENV_|JOB_RESPONSE_FILE$|BUILD_EXIT_CODE_FILE$|BUILD_FAILURE_EXIT_CODE$|SYSTEM_FAILURE_EXIT_CODE$)/;

/** The driver's environment without variables that are only for the driver. Pure. */
export function scriptEnvironment(env: Variables): Variables {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !driverVariables.test(name)));
}

/**
 * Runs a script of the runner on this machine. Its output goes to ours.
 * @param env - of the driver
 * @param shell - text for `bash -c` that runs the script named by its first argument; default: bash runs the script directly
 * @returns its exit status
 * @throws EnvironmentError when it cannot be started or a signal ended it
 */
export async function runPredefined(script: string, env: Variables, signal: AbortSignal, shell?: string): Promise<number> {
  const result = await execa('bash', shell === undefined ? [script] : ['-c', shell, 'bash', script], {
    env: scriptEnvironment(env),
    extendEnv: false,
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
    cancelSignal: signal,
    forceKillAfterDelay: 5000,
  });
  signal.throwIfAborted();
  if (result.exitCode === undefined)
    throw new EnvironmentError(`${script}: ${result.originalMessage ?? result.shortMessage ?? 'did not run'}`);
  return result.exitCode;
}

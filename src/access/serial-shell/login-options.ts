// SPDX-License-Identifier: GPL-3.0-or-later
import type { Appliance } from '../../config/index.ts';
import { patternOf } from '../../config/pattern.ts';
import type { Pattern } from '../../core/pattern.ts';
import type { LoginStep } from './login-steps.ts';

/** How to log in. Prompts are searched for in the last line of the output, once the device is silent. */
export interface LoginOptions {
  readonly user: string;
  /** absent if the device does not ask for one */
  readonly password?: string;
  /** what to answer if the device asks for a new password. If it refuses `password`, this one is tried, too */
  readonly newPassword?: string | undefined;
  /** what else the device asks before, during and after the log-in, in this order, and the answers; default: nothing */
  readonly steps?: readonly LoginStep[] | undefined;
  /** default `login: `, but not that of "Last login: ", and `Username: ` */
  readonly loginPrompt?: Pattern;
  /** default `Password: ` */
  readonly passwordPrompt?: Pattern;
  /** default: one of `# $ % >` and a blank at the end; after a log-in, also any line that repeats when Enter is pressed */
  readonly shellPrompt?: Pattern;
  /** what the device prints when it refuses the log-in; default "Login incorrect" and similar messages */
  readonly failurePattern?: Pattern;
  /** how often the user name is typed before the login counts as refused; default 2, because noise may spoil the first */
  readonly attempts?: number;
  /** for how long a refused login is retried, in `ms`; default 0. Some devices set passwords late */
  readonly retryMs?: number;
  /**
   * after how much silence to press Enter, in case a prompt was missed or interrupted, in `ms`; default 5000, 0 never.
   * If the device is never silent, Enter is pressed after two to six times as long.
   */
  readonly nudgeMs?: number;
  /** how long to wait before a prompt is answered, in `ms`; default 150: many programs flush their input after the prompt */
  readonly settleMs?: number;
}

/** How old a guest must be before a refused log-in counts, in `ms`, unless `appliance.login.retryMs` says otherwise. */
const defaultRetryMs = 60_000;

/**
 * How the configuration says to log in; undefined if it does not say. Pure.
 * @param ageMs - how long the guest has been running, in `ms`: a young one may set its passwords only after it asks for them
 * @param timeFactor - how much slower the guest runs than with KVM on a usual machine
 */
export function loginOptionsOf({ login }: Appliance, ageMs: number, timeFactor = 1): LoginOptions | undefined {
  if (!login) return undefined;
  return {
    user: login.user,
    ...(login.password === undefined ? {} : { password: login.password }),
    ...(login.loginPrompt === undefined ? {} : { loginPrompt: patternOf(login.loginPrompt) }),
    ...(login.passwordPrompt === undefined ? {} : { passwordPrompt: patternOf(login.passwordPrompt) }),
    ...(login.shellPrompt === undefined ? {} : { shellPrompt: patternOf(login.shellPrompt) }),
    ...(login.failure === undefined ? {} : { failurePattern: patternOf(login.failure) }),
    ...(login.newPassword === undefined ? {} : { newPassword: login.newPassword }),
    ...(login.steps === undefined ? {} : { steps: login.steps.map((step) => ({ ...step, expect: patternOf(step.expect) })) }),
    retryMs: Math.max(0, (login.retryMs ?? defaultRetryMs) * timeFactor - ageMs),
  };
}

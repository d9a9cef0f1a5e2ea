// SPDX-License-Identifier: GPL-3.0-or-later
import type { Appliance } from '../../config/index.ts';
import { patternOf } from '../../config/pattern.ts';
import type { LoginOptions } from './login.ts';

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

// SPDX-License-Identifier: GPL-3.0-or-later
import { patternOf } from '../config/pattern.ts';
import type { LoginOptions } from '../console/index.ts';
import type { Appliance } from './dut.ts';

/** How old a guest is, in `ms`, when its refusal to log in is believed, unless `appliance.login.retryMs` says otherwise. */
const usualRetryMs = 60_000;

/**
 * How the configuration says to log in. Pure.
 * @param ageMs - how long the guest has been running, in `ms`: a young one may set its passwords only after it asks for them
 */
export function loginOptionsOf({ login }: Appliance, ageMs: number): LoginOptions | undefined {
  if (!login) return undefined;
  return {
    user: login.user,
    ...(login.password === undefined ? {} : { password: login.password }),
    ...(login.loginPrompt === undefined ? {} : { loginPrompt: patternOf(login.loginPrompt) }),
    ...(login.passwordPrompt === undefined ? {} : { passwordPrompt: patternOf(login.passwordPrompt) }),
    ...(login.shellPrompt === undefined ? {} : { shellPrompt: patternOf(login.shellPrompt) }),
    ...(login.failure === undefined ? {} : { failurePattern: patternOf(login.failure) }),
    retryMs: Math.max(0, (login.retryMs ?? usualRetryMs) - ageMs),
  };
}

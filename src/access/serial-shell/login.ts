// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import type { Pattern } from '../../core/pattern.ts';
import { ConsoleTimeoutError, type SerialConsole } from '../../console/index.ts';
import { awaited, Conversation, loginDefaults } from './conversation.ts';
import { defaultPrompts, newPasswordPrompts, promptAtEnd, withoutKernelLines, type Prompts } from './login-prompts.ts';
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

/**
 * Logs in, or does nothing if a shell is already there. Presses Enter while the console stays silent.
 * @param isPasswordNew - whether the device has taken `newPassword` before
 * @returns whether it takes `newPassword` now
 * @throws LoginError when the device refuses the user name and password, or asks for a password and none is given
 * @throws LoginStepError when it does not ask what a step answers
 * @throws ConsoleTimeoutError when no prompt comes in time
 * @throws ConsoleClosedError when the console ends
 */
export async function logIn(console: SerialConsole, options: LoginOptions, wait: Wait, isPasswordNew = false): Promise<boolean> {
  const settings = { ...loginDefaults, ...options, prompts: promptsOf(options), isPasswordNew };
  const conversation = new Conversation(console, settings);
  try {
    await console.claim({ ...wait, awaited }, (signal) => conversation.hold(signal));
    return conversation.isPasswordNew;
  } catch (error) {
    throw error instanceof ConsoleTimeoutError ? (conversation.explain(error) ?? error) : error;
  }
}

/** Whether the console ends with a prompt for a user name, such as after the device has logged out by itself. */
export function isLoggedOut(console: SerialConsole, options: LoginOptions): boolean {
  return promptAtEnd(withoutKernelLines(console.lastText), promptsOf(options)) === 'login';
}

function promptsOf({ loginPrompt, passwordPrompt, shellPrompt, newPassword }: LoginOptions): Prompts {
  return {
    ...(newPassword === undefined ? {} : newPasswordPrompts),
    login: loginPrompt ?? defaultPrompts.login,
    password: passwordPrompt ?? defaultPrompts.password,
    shell: shellPrompt ?? defaultPrompts.shell,
  };
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import { ConsoleTimeoutError, type SerialConsole } from '../../console/index.ts';
import { Conversation, loginDefaults } from './conversation.ts';
import { defaultPrompts, newPasswordPrompts, promptAtEnd, withoutKernelLines, type Prompts } from './login-prompts.ts';
import type { LoginOptions } from './login-options.ts';

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
    await console.claim({ ...wait, awaited: conversation.awaited }, (signal) => conversation.hold(signal));
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

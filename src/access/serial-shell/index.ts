// SPDX-License-Identifier: GPL-3.0-or-later
export {
  CommandError,
  LoggedOutError,
  LoginError,
  LoginStepError,
  OutputTooLongError,
  PagerError,
  ShellKindError,
  TransferError,
} from './errors.ts';
export type { LoginOptions } from './login-options.ts';
export type { LoginStep } from './login-steps.ts';
export {
  prepareShell,
  type KernelMessages,
  type OpeningCommand,
  type RunOptions,
  type ScriptOptions,
  type ShellOptions,
  type UploadOptions,
} from './shell-options.ts';
export { RemoteShell, type CommandResult } from './shell.ts';

// SPDX-License-Identifier: GPL-3.0-or-later
export {
  CommandError,
  LoggedOutError,
  LoginError,
  OutputTooLongError,
  PagerError,
  ShellKindError,
  TransferError,
} from './errors.ts';
export type { LoginOptions } from './login.ts';
export { prepareShell, type KernelMessages, type RunOptions, type ScriptOptions, type ShellOptions } from './shell-options.ts';
export { RemoteShell, type CommandResult, type OpeningCommand } from './shell.ts';

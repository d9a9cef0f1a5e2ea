// SPDX-License-Identifier: GPL-3.0-or-later
export {
  CommandError,
  ConsoleClosedError,
  ConsoleTimeoutError,
  LoggedOutError,
  LoginError,
  OutputTooLongError,
  PagerError,
  ShellKindError,
  TranscriptError,
  TransferError,
} from './errors.ts';
export type { LoginOptions } from './login.ts';
export type { ConsoleOptions, ExpectOptions, Match, SendOptions } from './options.ts';
export { END, type Pattern } from './pattern.ts';
export { waitForQuiet } from './quiet.ts';
export { SerialConsole } from './serial-console.ts';
export { prepareShell, type KernelMessages, type RunOptions, type ScriptOptions, type ShellOptions } from './shell-options.ts';
export { RemoteShell, type CommandResult, type OpeningCommand } from './shell.ts';
export { Transcript } from './transcript.ts';

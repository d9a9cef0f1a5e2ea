// SPDX-License-Identifier: GPL-3.0-or-later
import { argumentsOf } from '../../core/arguments.ts';
import type { Wait } from '../../core/deadline.ts';
import {
  bytes,
  either,
  flag,
  functionOf,
  instanceOf,
  listOf,
  milliseconds,
  oneOf,
  options,
  pattern,
  requiredWait,
  path,
  someText,
  text,
  textOrBytes,
  texts,
  waitOptions,
  waitSchemas,
  wholeNumber,
} from '../../core/schemas.ts';
import { SerialConsole } from '../../console/index.ts';
import type { CommandError } from './errors.ts';
import type { LoginOptions } from './login-options.ts';
import type { LoginStep } from './login-steps.ts';
import type { SessionLimits } from './shell-session.ts';

/** Options of a shell. */
export interface ShellOptions extends SessionLimits {
  /** how long a command, script, upload or download may take unless the call says otherwise, in `ms`; default 60 000 */
  readonly timeoutMs?: number;
  /** ends every wait, like the signal of the call; its reason is thrown */
  readonly signal?: AbortSignal;
  /** what is run once after the login, in the login shell itself; default `prepareShell`, empty for nothing */
  readonly prepare?: string;
  /** how to log in again when the device has logged out by itself; absent to stay logged out */
  readonly login?: LoginOptions | undefined;
  /** whether the device has taken `login.newPassword` before; default false */
  readonly isPasswordNew?: boolean | undefined;
  /** `none` if the prompt is not that of a shell: nothing is typed there, and no command can be run; default `posix` */
  readonly kind?: 'posix' | 'none' | undefined;
  /** what is typed first after the login, to start a POSIX shell: `exec sh` if the shell is csh or fish; absent for nothing */
  readonly startCommand?: string | undefined;
  /** see {@link RunOptions.kernelMessages} */
  readonly kernelMessages?: KernelMessages;
  /** name of the device, for the titles of steps; absent if there is only one */
  readonly device?: string | undefined;
}

/** Whether kernel messages stay in the output of a command, or appear only in `kernelMessages`. */
export type KernelMessages = 'keep' | 'separate';

/** How to run a command. */
export interface RunOptions extends Partial<Wait> {
  /** whether an exit status other than 0 is an error; default true */
  readonly check?: boolean;
  /** runs it in the login shell, so that `cd`, variables and functions stay (and `exit` logs out); default false: in a subshell */
  readonly keepState?: boolean;
  /**
   * gets the output byte-exact through a file on the device and checksums, so that no kernel message can be in it;
   * slower, and needs a writable folder for temporary files
   */
  readonly exact?: boolean;
  /**
   * `separate` removes what looks like a message of the kernel (`[   12.345678] …`) from the output; `kernelMessages` of the
   * result has it either way. Default: as the shell's options say, else `keep`. Not for `exact`
   */
  readonly kernelMessages?: KernelMessages;
}

/** How to run a script. */
export interface ScriptOptions extends RunOptions {
  /** folder of the device for the script while it runs; must allow execution; default `/tmp` */
  readonly directory?: string;
}

/** The command that {@link RemoteShell.attach} runs first. */
export interface OpeningCommand {
  /** imperative, for reports */
  readonly title: string;
  /** returns the command; called just before the shell gets it */
  readonly text: () => string;
  /** called if it failed; all later commands fail with what this throws. Default: throws the error that it gets */
  readonly judge?: (error: CommandError) => void;
}

/** How to upload a file. */
export interface UploadOptions extends Partial<Wait> {
  /** permissions of the file; default 0o644 */
  readonly mode?: number;
}

/**
 * Makes a shell ready for commands: no options and traps that end it or add to the output of commands, no messages of jobs,
 * no pagers, no colours, no wrapping. Each part may fail.
 */
export const prepareShell = `set +exm; set +u
trap - DEBUG 2>/dev/null; trap - ERR 2>/dev/null
export TERM=dumb NO_COLOR=1 PAGER=cat MANPAGER=cat GIT_PAGER=cat SYSTEMD_PAGER=cat LESS=-dFMRX
stty cols 1000 rows 100 2>/dev/null
unset PROMPT_COMMAND
if (unset TMOUT) 2>/dev/null; then unset TMOUT; fi
if [ -n "$BASH_VERSION" ]; then bind 'set enable-bracketed-paste off' 2>/dev/null; fi
if [ -n "$ZSH_VERSION" ]; then unsetopt zle prompt_sp prompt_cr; fi
PS1='# ' PS2='> '`;

export const loginOptions = options<LoginOptions>({
  user: someText,
  password: text.optional(),
  loginPrompt: pattern.optional(),
  passwordPrompt: pattern.optional(),
  shellPrompt: pattern.optional(),
  failurePattern: pattern.optional(),
  newPassword: text.optional(),
  steps: listOf(
    options<LoginStep>({
      expect: pattern,
      send: text,
      enter: flag.optional(),
      secret: flag.optional(),
      optional: flag.optional(),
      times: wholeNumber(1).optional(),
    }),
    'a list of steps, each { expect, send }',
  ).optional(),
  attempts: wholeNumber(1).optional(),
  retryMs: milliseconds.optional(),
  nudgeMs: milliseconds.optional(),
  settleMs: milliseconds.optional(),
});

const kernelMessages = oneOf(['keep', 'separate']).optional();

const runSchemas = { ...waitSchemas, check: flag.optional(), keepState: flag.optional(), exact: flag.optional(), kernelMessages };

const shellOptions = options<ShellOptions>({
  ...waitSchemas,
  prepare: text.optional(),
  login: loginOptions.optional(),
  startCommand: text.optional(),
  isPasswordNew: flag.optional(),
  kind: oneOf(['posix', 'none']).optional(),
  kernelMessages,
  answerMs: listOf(milliseconds, 'a list of times in milliseconds', 1).optional(),
  outputBytes: wholeNumber(1).optional(),
  promptMs: milliseconds.optional(),
  device: text.optional(),
}).optional();

const opening = options<OpeningCommand>({
  title: text,
  text: functionOf<OpeningCommand['text']>(),
  judge: functionOf<NonNullable<OpeningCommand['judge']>>().optional(),
});

const console = instanceOf(SerialConsole, 'a SerialConsole');

/** Checks of the arguments of a shell's functions. */
export const check = {
  attach: argumentsOf('RemoteShell.attach', { console, options: shellOptions, opening: opening.optional() }),
  login: argumentsOf('RemoteShell.login', { console, login: loginOptions, wait: requiredWait, options: shellOptions }),
  opened: argumentsOf('dut.shell.opened'),
  run: argumentsOf('dut.shell.run', { command: text, options: options<RunOptions>(runSchemas).optional() }),
  runScript: argumentsOf('dut.shell.runScript', {
    script: either<string | { readonly content: string | Uint8Array }>(
      'the path of a file, or { content }',
      path,
      options<{ readonly content: string | Uint8Array }>({ content: textOrBytes }),
    ),
    args: texts.optional(),
    options: options<ScriptOptions>({ ...runSchemas, directory: path.optional() }).optional(),
  }),
  upload: argumentsOf('dut.shell.upload', {
    source: either<string | Uint8Array>('bytes (a Buffer or Uint8Array), or the path of a file', path, bytes),
    remotePath: path,
    options: options<UploadOptions>({ ...waitSchemas, mode: wholeNumber(0, 0o7777).optional() }).optional(),
  }),
  download: argumentsOf('dut.shell.download', { remotePath: path, options: waitOptions }),
};

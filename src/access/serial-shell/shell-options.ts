// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import type { LoginOptions } from './login.ts';
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
  /** what is typed first after the login, to start a POSIX shell: `exec sh` if the shell is csh or fish; absent for nothing */
  readonly startCommand?: string | undefined;
  /** see {@link RunOptions.kernelMessages} */
  readonly kernelMessages?: KernelMessages;
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

/**
 * Makes a shell ready for commands: no options and traps that end it or add to the output of commands, no messages of jobs,
 * no pagers, no wrapping. Each part may fail.
 */
export const prepareShell = `set +exm; set +u
trap - DEBUG 2>/dev/null; trap - ERR 2>/dev/null
export TERM=dumb PAGER=cat MANPAGER=cat GIT_PAGER=cat SYSTEMD_PAGER=cat LESS=-dFMRX
stty cols 1000 rows 100 2>/dev/null
unset PROMPT_COMMAND
if (unset TMOUT) 2>/dev/null; then unset TMOUT; fi
if [ -n "$BASH_VERSION" ]; then bind 'set enable-bracketed-paste off' 2>/dev/null; fi
if [ -n "$ZSH_VERSION" ]; then unsetopt zle prompt_sp prompt_cr; fi
PS1='# ' PS2='> '`;

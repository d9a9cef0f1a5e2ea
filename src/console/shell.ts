// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Wait } from '../core/deadline.ts';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { step } from '../core/step.ts';
import { CommandError } from './errors.ts';
import { logIn, type LoginOptions } from './login.ts';
import type { SerialConsole } from './serial-console.ts';
import { ShellSession, type SessionCommand, type SessionResult } from './shell-session.ts';
import { findTools, getFile, putFile, quoteWord } from './transfer.ts';

/** How a shell is treated. */
export interface ShellOptions {
  /** how long a command, upload or download may take when the call does not say, in `ms`; default 60 000 */
  readonly timeoutMs?: number;
  /** ends whatever is waited for; its reason is thrown */
  readonly signal?: AbortSignal;
  /** what is run once after the login, in the login shell itself; default {@link prepareShell}, empty for nothing */
  readonly prepare?: string;
}

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
}

/** How to run a script. */
export interface ScriptOptions extends RunOptions {
  /** folder of the device that takes the script while it runs, and must allow execution; default `/tmp` */
  readonly directory?: string;
}

/** What a command printed and how it ended. */
export type CommandResult = SessionResult;

/** Keeps programs from asking the terminal things, paging and wrapping; every part may fail. */
export const prepareShell = `export TERM=dumb PAGER=cat SYSTEMD_PAGER=cat
stty cols 1000 rows 100 2>/dev/null
unset PROMPT_COMMAND
if [ -n "$BASH_VERSION" ]; then bind 'set enable-bracketed-paste off' 2>/dev/null; fi
PS1='# ' PS2='> '`;

/**
 * A POSIX shell (busybox ash, dash, bash) at the other end of a serial console. Commands read from /dev/null and run one
 * at a time, each in a subshell. What the kernel prints meanwhile is part of the output (see `exact`), but never spoils
 * where the output begins and ends, nor the exit status.
 */
export class RemoteShell {
  readonly console: SerialConsole;
  readonly #session: ShellSession;
  readonly #options: ShellOptions;
  #tools: ReadonlySet<string> | undefined;

  private constructor(console: SerialConsole, options: ShellOptions) {
    this.console = console;
    this.#session = new ShellSession(console);
    this.#options = options;
  }

  /**
   * Takes a console at which a shell already waits, such as that of a restored snapshot. Sends nothing.
   * @param options - `prepare` is not run
   */
  static attach(console: SerialConsole, options: ShellOptions = {}): RemoteShell {
    return new RemoteShell(console, options);
  }

  /**
   * Logs in, or finds that a shell already waits, and prepares it.
   * @throws LoginError when the device refuses the user name and password, or wants a password and none is given
   * @throws ConsoleTimeoutError when no prompt comes in time
   * @throws ConsoleClosedError when the console ends
   */
  static async login(console: SerialConsole, login: LoginOptions, wait: Wait, options: ShellOptions = {}): Promise<RemoteShell> {
    return step('alpy.console', `Log in as ${login.user}`, async () => {
      await logIn(console, login, wait);
      const shell = new RemoteShell(console, options);
      const text = options.prepare ?? prepareShell;
      if (text !== '') await shell.#session.run({ text, keepState: true, title: 'prepare the shell' }, wait);
      return shell;
    });
  }

  /**
   * Runs a command: any text that a shell takes, of any number of lines and with any quoting.
   * @returns the output without its last line feed, standard error included; and the exit status
   * @throws {@link CommandError} when the exit status is not 0 and `check` is not false
   * @throws ConsoleTimeoutError when it does not end in time; it is then interrupted before the next command
   * @throws ConsoleClosedError when the console ends meanwhile
   * @throws UsageError when another command still runs
   */
  async run(command: string, options: RunOptions = {}): Promise<CommandResult> {
    return step('alpy.console', `Run ${shorten(command)}`, () => this.#run(command, command, options));
  }

  /**
   * Copies a script to the device and runs it with the interpreter that its first line names (sh without one).
   * @param script - path of a file here, or its content
   * @throws what {@link RemoteShell.run} and {@link RemoteShell.upload} throw
   */
  async runScript(
    script: string | { readonly content: string | Uint8Array },
    args: readonly string[] = [],
    options: ScriptOptions = {},
  ): Promise<CommandResult> {
    const title = [typeof script === 'string' ? script : 'script', ...args].join(' ');
    return step('alpy.console', `Run ${shorten(title)}`, async () => {
      const path = temporary(options.directory);
      await this.#upload(typeof script === 'string' ? script : Buffer.from(script.content), path, 0o700, options);
      const words = [path, ...args].map(quoteWord).join(' ');
      return this.#run(`${words}; s=$?; rm -f ${path}; (exit $s)`, title, options);
    });
  }

  /**
   * Copies bytes, or a file of this machine, to a file of the device, and compares checksums.
   * @param source - the bytes, or the path of the file
   * @param options - `mode` are the permissions, default 0o644
   * @throws TransferError when the device cannot write the file, or it does not get there unharmed
   * @throws EnvironmentError when the file of this machine cannot be read
   */
  async upload(
    source: Uint8Array | string,
    remotePath: string,
    options: Partial<Wait> & { readonly mode?: number } = {},
  ): Promise<void> {
    await step('alpy.console', `Upload ${remotePath}`, () => this.#upload(source, remotePath, options.mode ?? 0o644, options));
  }

  /**
   * Reads a file of the device, each block with its checksum.
   * @throws TransferError when it cannot be read or does not come unharmed
   */
  async download(remotePath: string, options: Partial<Wait> = {}): Promise<Buffer> {
    return step('alpy.console', `Download ${remotePath}`, () => this.#download(remotePath, options));
  }

  async #run(command: string, title: string, options: RunOptions): Promise<CommandResult> {
    const result =
      options.exact === true
        ? await this.#runExact(command, title, options)
        : await this.#frame({ text: command, title, ...options }, options);
    if (result.exitStatus !== 0 && options.check !== false) {
      throw new CommandError(this.console.name, title, result.exitStatus, result.output);
    }
    return { ...result, output: result.output.replace(/\n$/, '') };
  }

  async #runExact(command: string, title: string, options: RunOptions): Promise<CommandResult> {
    const path = temporary();
    const { exitStatus } = await this.#frame({ text: command, title, ...options, redirect: `</dev/null >${path} 2>&1` }, options);
    const output = await this.#download(path, options);
    await this.#frame({ text: `rm -f ${path}`, title: `remove ${path}` }, options);
    return { output: output.toString(), exitStatus, droppedBytes: 0 };
  }

  async #upload(source: Uint8Array | string, path: string, mode: number, options: Partial<Wait>): Promise<void> {
    const bytes = typeof source === 'string' ? await readLocal(source) : source;
    await putFile(this.#session, await this.#findTools(options), bytes, path, mode, this.#wait(options));
  }

  async #download(path: string, options: Partial<Wait>): Promise<Buffer> {
    return getFile(this.#session, await this.#findTools(options), path, this.#wait(options));
  }

  async #findTools(options: Partial<Wait>): Promise<ReadonlySet<string>> {
    return (this.#tools ??= await findTools(this.#session, this.#wait(options)));
  }

  #frame(command: SessionCommand, options: Partial<Wait>): Promise<SessionResult> {
    return this.#session.run(command, this.#wait(options));
  }

  #wait(options: Partial<Wait>): Wait {
    return { timeoutMs: options.timeoutMs ?? this.#options.timeoutMs ?? 60_000, signal: options.signal ?? this.#options.signal };
  }
}

function temporary(directory = '/tmp'): string {
  return `${directory}/alpy-${randomBytes(6).toString('hex')}`;
}

/** @throws EnvironmentError when the file cannot be read */
async function readLocal(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new EnvironmentError(`cannot read ${path} for the upload: ${messageOf(cause)}`, { cause });
  }
}

/** The first line of a command, short enough for a title. */
function shorten(text: string): string {
  const [first = ''] = text.trim().split('\n');
  return first.length < text.trim().length || first.length > 100 ? `${first.slice(0, 100)}…` : first;
}

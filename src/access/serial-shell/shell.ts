// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { countDown, withDeadline, type Wait } from '../../core/deadline.ts';
import { exitStatusOf, programEnd, type ProgramEnd } from '../../core/exit-status.ts';
import { markHandled } from '../../core/mark-handled.ts';
import { log, step } from '../../core/step.ts';
import { oneLine, quoteWord } from '../../core/text.ts';
import { ConsoleTimeoutError, type SerialConsole, waitForQuiet } from '../../console/index.ts';
import { CommandError, noShellError } from './errors.ts';
import { FileTransfer } from './file-transfer.ts';
import { separateKernelMessages } from './kernel-messages.ts';
import { isLoggedOut, logIn } from './login.ts';
import type { LoginOptions } from './login-options.ts';
import {
  check,
  prepareShell,
  type OpeningCommand,
  type RunOptions,
  type ScriptOptions,
  type ShellOptions,
  type UploadOptions,
} from './shell-options.ts';
import { ShellSession, type SessionCommand, type SessionResult } from './shell-session.ts';

/** ` on left`, for the title of a step on one of several devices; empty for the only device. */
function on({ device }: ShellOptions, preposition = 'on'): string {
  return device === undefined ? '' : ` ${preposition} ${device}`;
}

/** What a command printed and how it ended. */
export interface CommandResult extends SessionResult, ProgramEnd {
  /**
   * messages that the kernel surely printed on the console meanwhile; also in `output`, unless
   * {@link RunOptions.kernelMessages} is `separate`
   */
  readonly kernelMessages: readonly string[];
}

/** How long the console must be silent after the command that starts another shell, in `ms`. */
const settleMs = 300;

/**
 * A POSIX shell (busybox ash, dash, bash, zsh) at the other end of a serial console. Commands read from /dev/null and run one
 * at a time, each in a subshell. What the kernel prints meanwhile is part of the output (see `kernelMessages` and
 * `exact`), but never disturbs the exit status or where the output begins and ends.
 */
export class RemoteShell {
  readonly console: SerialConsole;
  readonly #session: ShellSession;
  readonly #files: FileTransfer;
  readonly #options: ShellOptions;
  #opened: Promise<void> | undefined;
  #isPasswordNew: boolean;

  private constructor(console: SerialConsole, options: ShellOptions, isReady: boolean) {
    this.console = console;
    this.#session = new ShellSession(console, isReady, options);
    this.#files = new FileTransfer(this.#session);
    this.#options = options;
    this.#isPasswordNew = options.isPasswordNew ?? false;
  }

  /** whether the device takes the new password of the log-in. @internal */
  get isPasswordNew(): boolean {
    return this.#isPasswordNew;
  }

  /**
   * Takes over a console with a shell that waits for commands, such as that of a restored snapshot.
   * @param options - `prepare` is not run
   * @param opening - what is run now, before anything else is sent or expected; absent to send nothing
   */
  static attach(console: SerialConsole, options: ShellOptions = {}, opening?: OpeningCommand): RemoteShell {
    check.attach(arguments);
    const shell = new RemoteShell(console, options, true);
    if (opening) {
      shell.#opened = console.reserve(() => shell.#open(opening));
      markHandled(shell.#opened); // opened() and all later commands throw it
    }
    return shell;
  }

  /**
   * Waits until the opening command of {@link RemoteShell.attach} has ended; every command does so anyway.
   * @throws CommandError when it failed, and what {@link RemoteShell.run} throws
   */
  async opened(): Promise<void> {
    check.opened(arguments);
    await this.#opened;
  }

  /**
   * Logs in, unless a shell is already there, and prepares the shell.
   * @throws LoginError when the device refuses the user name and password, or asks for a password that is not given
   * @throws LoginStepError when the device does not ask what a step of the log-in answers
   * @throws ConsoleTimeoutError when no prompt comes in time
   * @throws ShellKindError when the shell is not a POSIX shell (csh, fish, …) and `startCommand` does not start one
   * @throws ConsoleClosedError when the console ends
   */
  static async login(console: SerialConsole, login: LoginOptions, wait: Wait, options: ShellOptions = {}): Promise<RemoteShell> {
    check.login(arguments);
    return step('alpy.console', `Log in as ${login.user}${on(options)}`, async () => {
      const shell = new RemoteShell(console, { ...options, login: { ...login, retryMs: 0 } }, false);
      await shell.#logIn(login, { ...wait, signal: shell.#signalFor(wait) });
      return shell;
    });
  }

  /**
   * Runs a command: any text for a shell, with any number of lines and any quoting.
   * @returns the output without its last line feed, standard error included; the exit status; what the kernel printed meanwhile
   * @throws {@link CommandError} when the exit status is not 0 and `check` is not false
   * @throws ConsoleTimeoutError when it does not end in time; the next command interrupts it
   * @throws PagerError when it shows its output in a pager, which waits for a key
   * @throws OutputTooLongError when it prints more than 16 MiB
   * @throws LoggedOutError when it ended the log-in shell, which is only possible with `keepState`
   * @throws ConsoleClosedError when the console ends first
   * @throws UsageError when another command still runs
   */
  async run(command: string, options: RunOptions = {}): Promise<CommandResult> {
    check.run(arguments);
    return step('alpy.console', `Run ${oneLine(command)}${on(this.#options)}`, () =>
      this.#within(`the end of command "${oneLine(command)}"`, options, (wait) => this.#run(command, command, options, wait)),
    );
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
    check.runScript(arguments);
    const title = [typeof script === 'string' ? script : 'script', ...args].join(' ');
    const run = async (wait: Wait): Promise<CommandResult> => {
      const path = temporary(options.directory);
      await this.#files.put(typeof script === 'string' ? script : Buffer.from(script.content), path, 0o700, wait);
      const words = [path, ...args].map(quoteWord).join(' ');
      return this.#run(`${words}; s=$?; rm -f ${quoteWord(path)}; (exit $s)`, title, options, wait);
    };
    return step('alpy.console', `Run ${oneLine(title)}${on(this.#options)}`, () =>
      this.#within(`the end of "${oneLine(title)}"`, options, run),
    );
  }

  /**
   * Copies bytes, or a file of this machine, to a file of the device, and compares checksums.
   * @param source - the bytes, or the path of the file
   * @throws TransferError when the device cannot write the file, or it arrives damaged
   * @throws EnvironmentError when the file of this machine cannot be read
   */
  async upload(source: Uint8Array | string, remotePath: string, options: UploadOptions = {}): Promise<void> {
    check.upload(arguments);
    await step('alpy.console', `Upload ${remotePath}${on(this.#options, 'to')}`, () =>
      this.#within(`the upload of ${remotePath}`, options, (wait) =>
        this.#files.put(source, remotePath, options.mode ?? 0o644, wait),
      ),
    );
  }

  /**
   * Reads a file of the device, each block with its checksum.
   * @throws TransferError when it cannot be read or arrives damaged
   */
  async download(remotePath: string, options: Partial<Wait> = {}): Promise<Buffer> {
    check.download(arguments);
    return step('alpy.console', `Download ${remotePath}${on(this.#options, 'from')}`, () =>
      this.#within(`the download of ${remotePath}`, options, (wait) => this.#files.get(remotePath, wait)),
    );
  }

  async #open({ title, text, judge }: OpeningCommand): Promise<void> {
    await step('alpy.console', `${title}${on(this.#options)}`, () =>
      this.#before(title, {}, async (wait) => {
        const { exitStatus, output } = await this.#session.run({ text, title }, wait);
        if (exitStatus === 0) return;
        const error = new CommandError(this.console.name, title, exitStatus, output);
        if (!judge) throw error;
        judge(error);
      }),
    );
  }

  /** Starts the shell that takes the commands, if the log-in shell does not. */
  async #startShell(wait: Wait): Promise<void> {
    const { startCommand } = this.#options;
    if (startCommand === undefined) return;
    await this.console.sendLine(startCommand, wait);
    await waitForQuiet(this.console, settleMs, wait.signal ?? AbortSignal.timeout(Math.max(0, Math.ceil(wait.timeoutMs))));
  }

  async #run(command: string, title: string, options: RunOptions, wait: Wait): Promise<CommandResult> {
    const { keepState = false, kernelMessages: treatment = this.#options.kernelMessages ?? 'keep' } = options;
    const result = await (options.exact === true
      ? this.#runExact({ text: command, title, keepState }, wait)
      : this.#session.run({ text: command, title, keepState }, wait));
    const separated =
      options.exact === true ? { output: result.output, kernelMessages: [] } : separateKernelMessages(result.output);
    const { output } = treatment === 'separate' ? separated : result;
    const { exitStatus } = result;
    if (exitStatus !== 0 && options.check !== false) throw new CommandError(this.console.name, title, exitStatus, output);
    const end = programEnd(exitStatusOf(exitStatus));
    return { output: output.replace(/\n$/, ''), ...end, kernelMessages: separated.kernelMessages };
  }

  async #runExact(command: SessionCommand, wait: Wait): Promise<SessionResult> {
    const path = temporary();
    const { exitStatus } = await this.#session.run({ ...command, redirect: `</dev/null >${path} 2>&1` }, wait);
    const output = await this.#files.get(path, wait);
    await this.#session.run({ text: `rm -f ${path}`, title: `remove ${path}`, isOwn: true }, wait);
    return { output: output.toString(), exitStatus };
  }

  async #logIn(login: LoginOptions, wait: Wait): Promise<void> {
    const rest = countDown(wait);
    this.#isPasswordNew = await logIn(this.console, login, wait, this.#isPasswordNew);
    if (this.#options.kind === 'none') return;
    this.#session.forget();
    await this.#startShell(rest());
    const text = this.#options.prepare ?? prepareShell;
    if (text === '') return;
    // no redirection: stty needs the terminal as its input
    await this.#session.run({ text, keepState: true, redirect: '', title: 'prepare the shell' }, rest());
  }

  /** Runs a task after the opening command, and logs in again first if the device has logged out; see {@link RemoteShell.#before}. */
  async #within<T>(awaited: string, options: Partial<Wait>, body: (wait: Wait) => Promise<T>): Promise<T> {
    if (this.#options.kind === 'none') throw noShellError(this.console.name);
    return this.#before(awaited, options, async (wait) => {
      await this.#opened;
      const { login } = this.#options;
      if (login && !this.#session.isBusy && isLoggedOut(this.console, login)) {
        log('alpy.console', `the device has logged out: logging in again as ${login.user}`);
        await this.#logIn(login, wait);
      }
      return body(wait);
    });
  }

  #signalFor(options: Partial<Wait>): AbortSignal | undefined {
    const signals = [options.signal, this.#options.signal].filter((signal) => signal !== undefined);
    return signals.length > 1 ? AbortSignal.any(signals) : signals[0];
  }

  /** Gives all parts of a task one deadline, and combines the signals of the shell and of the call. */
  async #before<T>(awaited: string, options: Partial<Wait>, body: (wait: Wait) => Promise<T>): Promise<T> {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? 60_000;
    const signal = this.#signalFor(options);
    const { console } = this;
    return withDeadline(
      { timeoutMs, signal },
      (cause) => new ConsoleTimeoutError(console.name, awaited, timeoutMs, console.tail, { cause }),
      (abort) => body({ timeoutMs, signal: abort }),
    );
  }
}

function temporary(directory = '/tmp'): string {
  return `${directory}/alpy-${randomBytes(6).toString('hex')}`;
}

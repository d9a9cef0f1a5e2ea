// SPDX-License-Identifier: GPL-3.0-or-later
import { blameFor, isBlame, waitOf, withDeadline, type Wait } from '../../core/deadline.ts';
import { UsageError } from '../../core/errors.ts';
import { oneLine } from '../../core/text.ts';
import { ConsoleTimeoutError, type Disguise, type ExpectOptions, type SerialConsole, waitForQuiet } from '../../console/index.ts';
import { CommandWatch, defaultOutputBytes, type WatchLimits } from './command-watch.ts';
import { PagerError, ShellKindError } from './errors.ts';
import { endingIn, CommandEnvelope } from './command-envelope.ts';
import { feed, printfLines } from './line-feed.ts';
import { plainState, unknownState, type RunTextOptions, type ShellState } from './run-text.ts';

/** A command as the session runs it. */
export interface SessionCommand extends Partial<Omit<RunTextOptions, 'state'>> {
  /** the text for the shell; gets the envelope for commands that read lines */
  readonly text: string | ((envelope: CommandEnvelope) => string);
  /** lines for a command that has {@link CommandEnvelope.reader} in it */
  readonly input?: readonly string[];
  /** its name in messages */
  readonly title: string;
}

/** What a command printed and how it ended. */
export interface SessionResult {
  /** line ends are `\n` */
  readonly output: string;
  readonly exitStatus: number;
}

/** How long a session waits, and how much it takes. */
export interface SessionLimits extends WatchLimits {
  /**
   * how long a shell may take to answer before it is interrupted and asked again, for each try, in `ms`; after the last one the
   * command fails, without having begun; default 5000, 15 000, 60 000
   */
  readonly answerMs?: readonly number[] | undefined;
}

const defaultAnswerMs = [5_000, 15_000, 60_000];

/** What other shells than POSIX's reply to {@link CommandEnvelope.opening}, by kind. */
const otherShells = new Map([
  [
    'csh or tcsh',
    /(?:^|\n)(?:Missing '?}'?|Illegal variable name|Bad : modifier in \$[^\n]*|Ambiguous (?:output|input) redirect)\./,
  ],
  ['fish', /(?:^|\n)fish: [^\n]*\n/],
  [
    'the command line of a vendor',
    /(?:^|\n)[ %^\r]*(?:error: ?)?(?:(?:invalid (?:input|command)|(?:unknown|unrecognized|ambiguous|incomplete|bad) command)\b|syntax error[.,])[^\n]*\n/i,
  ],
]);

/** How long a pager may take to end after a key, in `ms`, and how many keys to press: the first may only dismiss a warning. */
const quitMs = 1000;
const quitKeys = 3;

type SessionWait = ExpectOptions & { readonly signal: AbortSignal };

/** How the line that an envelope has for a command looks to people. */
function disguiseOf({ title }: SessionCommand, { id }: CommandEnvelope): Disguise {
  return { shownAs: oneLine(title), mark: `@@${id}` };
}

/** Runs commands at a shell prompt, one at a time, and separates their output. */
export class ShellSession {
  readonly console: SerialConsole;
  readonly #limits: SessionLimits;
  /** `ready`: the last command has ended; `abandoned`: it may still run, because the wait for its end was given up */
  #state: 'unknown' | 'ready' | 'abandoned';
  #shell: ShellState;
  /** whether the shell has ever answered */
  #isKnown: boolean;
  #current: string | undefined;

  /**
   * @param isReady - whether a shell is known to take commands, and to be as `prepareShell` leaves it
   */
  constructor(console: SerialConsole, isReady: boolean, limits: SessionLimits = {}) {
    this.console = console;
    this.#limits = limits;
    this.#state = isReady ? 'ready' : 'unknown';
    this.#shell = isReady ? plainState : unknownState;
    this.#isKnown = isReady;
  }

  /**
   * Runs one command, whatever its exit status.
   * @throws ConsoleTimeoutError when it did not end in time; it is interrupted when the next command comes
   * @throws ShellKindError when the shell is not a POSIX shell
   * @throws PagerError, OutputTooLongError, LoggedOutError
   * @throws ConsoleClosedError when the console ended
   * @throws UsageError when another command runs
   */
  async run(command: SessionCommand, wait: Wait): Promise<SessionResult> {
    if (this.#current !== undefined) {
      throw new UsageError(`${this.console.name}: cannot run "${command.title}" while "${this.#current}" runs; await it first`);
    }
    this.#current = command.title;
    const awaited = `the end of command "${oneLine(command.title)}"`;
    try {
      return await withDeadline(
        wait,
        (cause) => new ConsoleTimeoutError(this.console.name, awaited, wait.timeoutMs, this.console.tail, { cause }),
        (signal) => this.#run(command, { timeoutMs: wait.timeoutMs, signal, awaited }),
      );
    } finally {
      this.#current = undefined;
    }
  }

  /** Call this if another shell may be there now; it has yet to show that it takes commands. */
  forget(): void {
    this.#state = 'unknown';
    this.#shell = unknownState;
    this.#isKnown = false;
  }

  /** Whether a command runs. */
  get isBusy(): boolean {
    return this.#current !== undefined;
  }

  /** Whether {@link ShellSession.run} would now type this command, one of Alpy's own, as one line. */
  takesInOneLine(text: string): boolean {
    return this.#state === 'ready' && new CommandEnvelope().wholeLine(text, this.#optionsFor({ isOwn: true })) !== undefined;
  }

  async #run(command: SessionCommand, wait: SessionWait): Promise<SessionResult> {
    using watch = new CommandWatch(this.console, command.title, command.keepState === true, this.#limits);
    const signal = AbortSignal.any([wait.signal, watch.signal]);
    const envelope = await this.#begin(command, wait);
    watch.begin();
    try {
      if (command.input) await feed(this.console, envelope, command.input, { ...wait, signal });
      return await this.#end(command, envelope, { ...wait, signal });
    } catch (error) {
      if (error instanceof PagerError) await this.#quitPager(command, envelope, wait);
      throw error;
    }
  }

  async #end(command: SessionCommand, envelope: CommandEnvelope, wait: SessionWait): Promise<SessionResult> {
    // twice the limit: too much output is an error before any is lost
    const bufferBytes = 2 * (this.#limits.outputBytes ?? defaultOutputBytes);
    const { before, groups } = await this.console.expect(envelope.end, { ...wait, bufferBytes });
    const { exitStatus, state } = endingIn(groups);
    this.#state = 'ready';
    if (command.keepState === true) this.#shell = state;
    const output = before.replace(/\r+\n/g, '\n').replace(/\n$/, ''); // the marker brings its own line feed
    return { output, exitStatus };
  }

  /** Presses `q`; if that does not help, the next command presses Ctrl-C. */
  async #quitPager(command: SessionCommand, envelope: CommandEnvelope, wait: SessionWait): Promise<void> {
    for (let key = 0; key < quitKeys && this.#state !== 'ready'; key += 1) {
      try {
        await this.console.send('q', waitOf(wait));
        await this.#end(command, envelope, { ...wait, timeoutMs: quitMs });
      } catch (error) {
        if (!(error instanceof ConsoleTimeoutError) && !isBlame(error)) throw error;
      }
    }
  }

  #optionsFor({ redirect = '</dev/null', keepState = false, isOwn = false }: Partial<SessionCommand>): RunTextOptions {
    return { redirect, keepState, isOwn, state: this.#shell };
  }

  /** Has the shell begin a command. */
  async #begin(command: SessionCommand, wait: SessionWait): Promise<CommandEnvelope> {
    const options = this.#optionsFor(command);
    const textFor = (envelope: CommandEnvelope): string =>
      typeof command.text === 'string' ? command.text : command.text(envelope);
    if (this.#state === 'ready' && !command.input) {
      const envelope = new CommandEnvelope();
      const line = envelope.wholeLine(textFor(envelope), options);
      if (line !== undefined) {
        this.#state = 'abandoned';
        await this.console.sendLine(line, { ...waitOf(wait), disguise: disguiseOf(command, envelope) });
        await this.console.expect(envelope.begin, wait);
        return envelope;
      }
    }
    const envelope = await this.#open(command, options, wait);
    await feed(this.console, envelope, printfLines(Buffer.from(textFor(envelope))), wait);
    await this.console.expect(envelope.begin, wait);
    return envelope;
  }

  /** Gets the shell to read a command. Each try has its own envelope, so that a late answer to an earlier one does not count. */
  async #open(command: SessionCommand, options: RunTextOptions, wait: SessionWait): Promise<CommandEnvelope> {
    const startMs = performance.now();
    for (const limitMs of this.#limits.answerMs ?? defaultAnswerMs) {
      if (this.#state === 'abandoned') {
        await this.console.send('\x03', waitOf(wait)); // Ctrl-C, which also flushes what was typed, so wait before typing more
        await waitForQuiet(this.console, 100, wait.signal);
      }
      this.#state = 'abandoned';
      const envelope = new CommandEnvelope();
      const line = envelope.opening(options, !this.#isKnown);
      await this.console.sendLine(line, { ...waitOf(wait), disguise: disguiseOf(command, envelope) });
      try {
        await this.#awaitReady(envelope, { ...wait, timeoutMs: Math.min(limitMs, wait.timeoutMs) });
        return envelope;
      } catch (error) {
        if (!(error instanceof ConsoleTimeoutError) && !isBlame(error)) throw error;
      }
    }
    const { name, tail } = this.console;
    const awaited = `a POSIX shell to take commands (${wait.awaited ?? ''})`;
    const tookMs = Math.round(performance.now() - startMs);
    throw (await blameFor(startMs)) ?? new ConsoleTimeoutError(name, awaited, tookMs, tail);
  }

  /** @throws ShellKindError as soon as another kind of shell complains */
  async #awaitReady(envelope: CommandEnvelope, wait: SessionWait): Promise<void> {
    const others = this.#isKnown ? [] : [...otherShells.keys()];
    const patterns = others.map((kind) => otherShells.get(kind) ?? envelope.ready);
    const { index } = await this.console.expect([...patterns, envelope.ready], wait);
    const kind = others[index];
    if (kind !== undefined) throw new ShellKindError(this.console.name, kind, this.console.tail);
    this.#isKnown = true;
  }
}

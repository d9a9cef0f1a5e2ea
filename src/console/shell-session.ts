// SPDX-License-Identifier: GPL-3.0-or-later
import { withDeadline, type Wait } from '../core/deadline.ts';
import { UsageError } from '../core/errors.ts';
import { ConsoleTimeoutError } from './errors.ts';
import { Frame, numberIn, type FrameOptions } from './frame.ts';
import { feed, octalLines } from './line-feed.ts';
import type { ExpectOptions } from './options.ts';
import { becomesQuiet } from './quiet.ts';
import type { SerialConsole } from './serial-console.ts';

/** A command as the session runs it. */
export interface SessionCommand extends Partial<FrameOptions> {
  /** the text for the shell; gets the frame for commands that read lines */
  readonly text: string | ((frame: Frame) => string);
  /** lines for a command that has {@link Frame.reader} in it */
  readonly input?: readonly string[];
  /** how messages call it */
  readonly title: string;
}

/** What a command printed and how it ended. */
export interface SessionResult {
  /** line ends are `\n` */
  readonly output: string;
  readonly exitStatus: number;
  /** how much of the front of the output is missing since it exceeded the console's buffer, in `bytes` */
  readonly droppedBytes: number;
}

/** How long the shell may take to answer before it is interrupted and asked again, in `ms`; no command has begun then. */
const answerMs = [5_000, 15_000];

const defaults: FrameOptions = { redirect: '</dev/null', keepState: false };

/** Runs commands at a shell prompt, one at a time, and keeps them apart. */
export class ShellSession {
  readonly console: SerialConsole;
  /** `ready`: the last command has ended; `abandoned`: it may still run, since nobody waited for its end */
  #state: 'unknown' | 'ready' | 'abandoned';
  #current: string | undefined;

  /** @param isReady - whether a shell is known to take commands */
  constructor(console: SerialConsole, isReady: boolean) {
    this.console = console;
    this.#state = isReady ? 'ready' : 'unknown';
  }

  /**
   * Runs one command; its exit status is not judged.
   * @throws ConsoleTimeoutError when it did not end in time; it is interrupted when the next command comes
   * @throws ConsoleClosedError when the console ended
   * @throws UsageError when another command runs
   */
  async run(command: SessionCommand, wait: Wait): Promise<SessionResult> {
    if (this.#current !== undefined) {
      throw new UsageError(`${this.console.name}: cannot run "${command.title}" while "${this.#current}" runs; await it first`);
    }
    this.#current = command.title;
    const awaited = `the end of command "${command.title}"`;
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

  /** Says that another shell may be there now, which is yet to show that it takes commands. */
  forget(): void {
    this.#state = 'unknown';
  }

  /** Whether a command runs. */
  get isBusy(): boolean {
    return this.#current !== undefined;
  }

  /** Whether {@link ShellSession.run} would type this command as one line now, with the defaults for all else. */
  takesInOneLine(text: string): boolean {
    return this.#state === 'ready' && new Frame().wholeLine(text, defaults) !== undefined;
  }

  async #run(command: SessionCommand, wait: ExpectOptions & { readonly signal: AbortSignal }): Promise<SessionResult> {
    const frame = await this.#begin(command, wait);
    if (command.input) await feed(this.console, frame, command.input, wait);
    const { before, groups, droppedBytes } = await this.console.expect(frame.end, wait);
    this.#state = 'ready';
    const output = before.replace(/\r+\n/g, '\n').replace(/\n$/, ''); // the marker brings its own line feed
    return { output, exitStatus: numberIn(groups), droppedBytes };
  }

  /** Has the shell begin a command. */
  async #begin(command: SessionCommand, wait: ExpectOptions & { readonly signal: AbortSignal }): Promise<Frame> {
    const options = { redirect: command.redirect ?? defaults.redirect, keepState: command.keepState ?? defaults.keepState };
    const textFor = (frame: Frame): string => (typeof command.text === 'string' ? command.text : command.text(frame));
    if (this.#state === 'ready' && !command.input) {
      const frame = new Frame();
      const line = frame.wholeLine(textFor(frame), options);
      if (line !== undefined) {
        this.#state = 'abandoned';
        await this.console.sendLine(line, wait);
        await this.console.expect(frame.begin, wait);
        return frame;
      }
    }
    const frame = await this.#open(options, wait);
    await feed(this.console, frame, octalLines(Buffer.from(textFor(frame))), wait);
    await this.console.expect(frame.begin, wait);
    return frame;
  }

  /** Gets the shell to read a command. Each try has its own frame: a late answer to an earlier one must not count. */
  async #open(options: FrameOptions, wait: ExpectOptions & { readonly signal: AbortSignal }): Promise<Frame> {
    for (const limitMs of [...answerMs, wait.timeoutMs]) {
      if (this.#state === 'abandoned') {
        await this.console.send('\x03', wait); // Ctrl-C, which also flushes what was typed: so wait before typing more
        await becomesQuiet(this.console, 100, wait.signal);
      }
      this.#state = 'abandoned';
      const frame = new Frame();
      await this.console.sendLine(frame.opening(options), wait);
      try {
        await this.console.expect(frame.ready, { ...wait, timeoutMs: Math.min(limitMs, wait.timeoutMs) });
        return frame;
      } catch (error) {
        if (!(error instanceof ConsoleTimeoutError)) throw error;
      }
    }
    const { name, tail } = this.console;
    throw new ConsoleTimeoutError(name, `a shell to take commands (${wait.awaited ?? ''})`, wait.timeoutMs, tail);
  }
}

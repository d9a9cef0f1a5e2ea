// SPDX-License-Identifier: GPL-3.0-or-later
import { createInterface } from 'node:readline';
import { withDeadline, type Wait } from '../../core/deadline.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { markHandled } from '../../core/mark-handled.ts';
import type { Execution } from '../../docker/index.ts';
import { parseCounts, relayArgument, type FrameCounts, type RelayDirection } from './relay-text.ts';
import { relayProgram } from './program.ts';

/** The command that starts a relay. Pure. */
export function relayCommand(directions: readonly RelayDirection[]): readonly string[] {
  return ['perl', '-e', relayProgram, ...directions.map(relayArgument)];
}

/** How long a relay may take to answer, in `ms`. */
const answerTimeoutMs = 10_000;

/** The streams of a program that runs. */
type Program = Pick<Execution, 'stdin' | 'stdout' | 'stderr' | 'close'>;

/** A relay that runs: frames of QEMU pass through it, which delays, loses or changes them. It ends when its input ends. */
export class Relay {
  /** rejects when it ends without {@link Relay.end} */
  readonly lost: Promise<never>;
  readonly #execution: Program;
  /** its first line */
  readonly #greeting = Promise.withResolvers<string>();
  readonly #waiting = [this.#greeting];
  readonly #lost = Promise.withResolvers<never>();
  #stderr = '';
  #isEnding = false;

  /** @param execution - runs {@link relayCommand} */
  constructor(execution: Program) {
    this.#execution = execution;
    this.lost = this.#lost.promise;
    markHandled(this.lost);
    execution.stdin.on('error', () => undefined); // it has ended, as its output shows
    execution.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-2000);
    });
    const lines = createInterface({ input: execution.stdout });
    lines.on('line', (line) => this.#waiting.shift()?.resolve(line));
    lines.on('close', () => {
      this.#end();
    });
  }

  /** Waits until it listens on its sockets. @throws EnvironmentError if it does not start, with what was printed instead */
  async ready(wait: Partial<Wait> = {}): Promise<void> {
    const line = await this.#wait(this.#greeting.promise, wait);
    if (line === 'ready') return;
    const advice = 'Faults of links need Perl in the image of QEMU (Debian: perl-base)';
    throw new EnvironmentError(`expected the relay of a link's fault to start in QEMU's container, got: ${line}. ${advice}`);
  }

  /** What happened to the frames so far, for each direction. */
  async counts(wait: Partial<Wait> = {}): Promise<readonly FrameCounts[]> {
    return parseCounts(await this.#ask('counts', wait));
  }

  /** Delivers all frames that it holds, and delivers further ones at once. Resolves when it holds none. */
  async clear(wait: Partial<Wait> = {}): Promise<void> {
    await this.#ask('clear', wait);
  }

  /** Ends it. */
  end(): void {
    this.#isEnding = true;
    this.#execution.stdin.end();
    this.#execution.close();
  }

  /** Returns the line that answers a command. Commands are answered in their order. */
  #ask(command: string, wait: Partial<Wait>): Promise<string> {
    const answer = Promise.withResolvers<string>();
    this.#waiting.push(answer);
    this.#execution.stdin.write(`${command}\n`);
    return this.#wait(answer.promise, wait);
  }

  #wait(line: Promise<string>, { timeoutMs = answerTimeoutMs, signal }: Partial<Wait>): Promise<string> {
    return withDeadline(
      { timeoutMs, signal },
      (cause) => new EnvironmentError(`the relay of a link's fault did not answer within ${timeoutMs} ms`, { cause }),
      () => Promise.race([line, this.lost]),
    );
  }

  #end(): void {
    if (this.#isEnding) return;
    const printed = this.#stderr.trim();
    const what = `the relay of a link's fault ended${printed === '' ? '' : `: ${printed}`}`;
    this.#lost.reject(new EnvironmentError(`${what}. Frames may be lost, so the test says nothing about the device`));
  }
}

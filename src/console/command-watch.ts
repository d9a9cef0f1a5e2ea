// SPDX-License-Identifier: GPL-3.0-or-later
import { OutputTooLongError, PagerError } from './errors.ts';
import { pagerPrompt } from './pager.ts';
import type { SerialConsole } from './serial-console.ts';

/** Most output of one command, in `bytes`. */
export const longestOutput = 16 * 1024 * 1024;

/** How long a pager's prompt has to stand before it counts as one, in `ms`. */
const pagerMs = 1500;
/** How much of the last output is looked at for the prompt of a pager, in characters. */
const tailLength = 400;

/** Watches what one command prints: whether it is too much, and whether a pager waits for a key. */
export class CommandWatch implements Disposable {
  readonly #abort = new AbortController();
  readonly #stop: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #title: string;
  readonly #name: string;
  #isBegun = false;
  #bytes = 0;
  #lines = 0;
  #tail = '';

  /** @param title - how messages call the command */
  constructor(console: SerialConsole, title: string) {
    this.#title = title;
    this.#name = console.name;
    this.#timer = setTimeout(() => {
      this.#lookForPager();
    }, pagerMs);
    this.#stop = console.observe((chunk) => {
      this.#take(chunk);
    });
  }

  /** fires with a {@link PagerError} or an {@link OutputTooLongError} */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Has the command begun? What came before was not its output. */
  begin(): void {
    this.#isBegun = true;
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#stop();
  }

  #take(chunk: Buffer): void {
    this.#timer.refresh();
    const text = chunk.toString('latin1');
    this.#tail = (this.#tail + text).slice(-tailLength);
    if (this.#isBegun) this.#bytes += chunk.length;
    this.#lines += text.split('\n').length - 1;
    if (this.#bytes > longestOutput) this.#abort.abort(new OutputTooLongError(this.#name, this.#title, longestOutput));
  }

  #lookForPager(): void {
    const prompt = this.#isBegun ? pagerPrompt(this.#tail, this.#lines) : undefined;
    if (prompt !== undefined) this.#abort.abort(new PagerError(this.#name, this.#title, prompt));
  }
}

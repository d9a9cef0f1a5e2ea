// SPDX-License-Identifier: GPL-3.0-or-later
import { stripVTControlCharacters } from 'node:util';
import { raceWithSignal } from '../../core/deadline.ts';
import { matcherOf, type Pattern } from '../../core/pattern.ts';
import type { SerialConsole } from '../../console/index.ts';

/** How much of the last output is searched, in characters. */
const windowLength = 4096;

/** Looks for a pattern in all output of a console from now on, whoever else reads it. */
export class ConsoleWatch implements Disposable {
  readonly #found = Promise.withResolvers<void>();
  readonly #stop: () => void;
  #text = '';

  constructor(console: Pick<SerialConsole, 'observe'>, pattern: Pattern) {
    // one character per byte, as for console.expect
    const matches = matcherOf(typeof pattern === 'string' ? Buffer.from(pattern).toString('latin1') : pattern);
    this.#stop = console.observe((chunk) => {
      this.#text += chunk.toString('latin1');
      if (matches(stripVTControlCharacters(this.#text))) {
        this.#found.resolve();
        this.#stop();
      }
      this.#text = this.#text.slice(-windowLength);
    });
  }

  /** Settles when the pattern was printed. */
  async found(signal: AbortSignal): Promise<void> {
    await raceWithSignal(this.#found.promise, signal);
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}

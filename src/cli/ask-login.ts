// SPDX-License-Identifier: GPL-3.0-or-later
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { raceWithSignal } from '../core/deadline.ts';
import type { AskLogin } from '../init/index.ts';

/** Asks for user and password on the terminal, until it is disposed. An empty user name means that nobody logs in. */
export function loginQuestions(signal: AbortSignal): { readonly ask: AskLogin } & Disposable {
  let terminal: Questions | undefined; // one for all questions, because it keeps what was typed ahead
  return {
    ask: async (prompt, refused) => {
      terminal ??= new Questions(signal);
      if (refused !== undefined) process.stderr.write(`${refused}\n`);
      process.stderr.write(`The appliance asks: ${prompt}\n`);
      const user = await terminal.ask('  user (empty: do not log in): ');
      if (user === '') return undefined;
      return { user, password: await terminal.ask('  password (not shown, but written to alpy.yaml): ', true) };
    },
    [Symbol.dispose]() {
      terminal?.[Symbol.dispose]();
    },
  };
}

/** Questions on the terminal. It is in raw mode meanwhile, in which Ctrl-C is only a character. */
class Questions implements Disposable {
  readonly #signal: AbortSignal;
  #isHidden = false;
  readonly #terminal = createInterface({
    input: process.stdin,
    terminal: true,
    output: new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!this.#isHidden) process.stderr.write(chunk);
        done();
      },
    }),
  });
  readonly #lines = this.#terminal[Symbol.asyncIterator]();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  }

  /** @returns an empty text at the end of the input */
  async ask(question: string, isHidden = false): Promise<string> {
    process.stderr.write(question);
    this.#isHidden = isHidden;
    const line = await raceWithSignal(this.#lines.next(), this.#signal);
    if (isHidden) process.stderr.write('\n');
    return line.done === true ? '' : line.value;
  }

  [Symbol.dispose](): void {
    this.#terminal.close();
  }
}

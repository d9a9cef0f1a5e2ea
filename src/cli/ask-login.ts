// SPDX-License-Identifier: GPL-3.0-or-later
import { createInterface } from 'node:readline';
import { PassThrough, Writable } from 'node:stream';
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

const [interrupt, endOfInput] = ['\x03', '\x04'];

/**
 * Questions on the terminal. What is typed before its question is shown only as the answer to it, and a password never. So the terminal
 * is in raw mode, in which Ctrl-C is only a character.
 */
class Questions implements Disposable {
  readonly #signal: AbortSignal;
  /** the bytes that were typed before their question */
  #typed = '';
  #isAsking = false;
  #isHidden = false;
  readonly #answers = new PassThrough();
  readonly #terminal = createInterface({
    input: this.#answers,
    terminal: true,
    output: new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!this.#isHidden) process.stderr.write(chunk);
        done();
      },
    }),
  });
  readonly #lines = this.#terminal[Symbol.asyncIterator]();
  readonly #onTyped = (chunk: Buffer): void => {
    const text = chunk.toString('latin1').replaceAll('\r\n', '\r');
    if (text.includes(interrupt)) process.kill(process.pid, 'SIGINT');
    this.#typed += text.replaceAll(interrupt, '');
    this.#answer();
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    process.stdin.setRawMode(true);
    process.stdin.on('data', this.#onTyped);
    process.stdin.once('end', () => {
      this.#onTyped(Buffer.from(`\r${endOfInput}`));
    });
  }

  /** @returns an empty text at the end of the input */
  async ask(question: string, isHidden = false): Promise<string> {
    this.#isHidden = false;
    this.#terminal.setPrompt(question); // readline shows it again after a correction
    this.#terminal.prompt();
    this.#isHidden = isHidden;
    this.#isAsking = true;
    this.#answer();
    const line = await raceWithSignal(this.#lines.next(), this.#signal);
    if (isHidden || line.done === true) process.stderr.write('\n');
    return line.done === true ? '' : line.value;
  }

  [Symbol.dispose](): void {
    process.stdin.off('data', this.#onTyped);
    process.stdin.setRawMode(false);
    process.stdin.pause();
    this.#terminal.close();
  }

  /** Passes on at most one line: readline shows what it gets at once. */
  #answer(): void {
    if (!this.#isAsking) return;
    const end = this.#typed.search(/[\r\n]/) + 1;
    this.#isAsking = end === 0;
    const length = end === 0 ? this.#typed.length : end;
    this.#answers.write(this.#typed.slice(0, length), 'latin1');
    this.#typed = this.#typed.slice(length);
  }
}

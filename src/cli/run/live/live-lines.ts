// SPDX-License-Identifier: GPL-3.0-or-later
import { fitLine } from './fit-line.ts';

type Stream = NodeJS.WriteStream;

/**
 * Lines at the end of a terminal that change in place. While they are shown, everything that this process writes to one of the streams
 * appears above them.
 */
export class LiveLines implements Disposable {
  readonly #stream: Stream;
  /** writes to the terminal without touching the lines */
  readonly #write: (text: string) => void;
  readonly #restore: (() => void)[] = [];
  #lines: readonly string[] = [];
  /** how many lines are on the screen */
  #drawn = 0;
  #isAtLineStart = true;

  /** @param streams - the first one, a terminal, shows the lines; those that are no terminals are ignored */
  constructor(streams: readonly [Stream, ...Stream[]]) {
    const [stream] = streams;
    this.#stream = stream;
    this.#write = stream.write.bind(stream);
    for (const one of new Set(streams)) if (one.isTTY) this.#intercept(one);
  }

  /** Replaces the lines. */
  set(lines: readonly string[]): void {
    const isSame = lines.length === this.#lines.length && lines.every((line, index) => line === this.#lines[index]);
    if (isSame) return;
    this.#lines = lines;
    this.#erase();
    this.#draw();
  }

  /** Removes the lines and stops watching the streams. */
  [Symbol.dispose](): void {
    this.#lines = [];
    this.#erase();
    for (const restore of this.#restore.splice(0)) restore();
  }

  #intercept(stream: Stream): void {
    const write = stream.write.bind(stream) as (...args: readonly unknown[]) => boolean;
    const intercepting = (...args: readonly unknown[]): boolean => {
      this.#erase();
      const result = write(...args);
      this.#isAtLineStart = endsLine(args[0]) ?? this.#isAtLineStart;
      this.#draw();
      return result;
    };
    const before = Object.getOwnPropertyDescriptor(stream, 'write');
    Object.defineProperty(stream, 'write', { configurable: true, writable: true, value: intercepting });
    this.#restore.push(() => {
      if (before) Object.defineProperty(stream, 'write', before);
      else Reflect.deleteProperty(stream, 'write');
    });
  }

  #erase(): void {
    if (this.#drawn === 0) return;
    this.#write(`${this.#drawn > 1 ? `\x1b[${this.#drawn - 1}A` : ''}\r\x1b[0J`);
    this.#drawn = 0;
  }

  #draw(): void {
    if (this.#lines.length === 0 || !this.#isAtLineStart) return; // an unfinished line of others stays
    const width = Math.max(10, this.#stream.columns || 80) - 1;
    const lines = this.#lines.slice(0, Math.max(1, (this.#stream.rows || 24) - 1)); // what has scrolled away cannot be erased
    this.#write(lines.map((line) => fitLine(line, width)).join('\n'));
    this.#drawn = lines.length;
  }
}

/** Whether the output ends with a line feed; `undefined` for empty output. */
function endsLine(chunk: unknown): boolean | undefined {
  if (typeof chunk === 'string') return chunk === '' ? undefined : chunk.endsWith('\n');
  return chunk instanceof Uint8Array && chunk.length > 0 ? chunk.at(-1) === 0x0a : undefined;
}

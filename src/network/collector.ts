// SPDX-License-Identifier: GPL-3.0-or-later
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { LineSplitter, OutputTail } from '../core/output.ts';
import { matcherOf, type Pattern } from '../core/pattern.ts';
import { logUnscoped } from '../core/step.ts';
import { escapeBytes } from '../core/text.ts';

/** {@link Collector.line} finds lines among at least this many last characters. */
const searchedLength = 1024 ** 2;

/** How many characters of an output are logged: an app that prints endlessly must not drown out the others. */
const loggedLength = 256 * 1024;

/** Keeps the end of an output, and logs its lines. Its memory is bounded, however long the output is. */
export class Collector {
  readonly #name: string;
  readonly #tail = new OutputTail();
  readonly #watchers = new Set<(line: string) => void>();
  readonly #ended: Promise<void>;
  /** two generations of lines: when the newer one is full, the older one is dropped */
  #older: string[] = [];
  #newer: string[] = [];
  #newerLength = 0;
  #logged = 0;
  #notLogged = 0;
  #isClosed = false;

  /** @param name - of the app, at the start of each line of the log */
  constructor(stream: Readable, name: string) {
    const lines = new LineSplitter((line) => {
      this.#log(name, line);
      this.#keep(line);
      for (const watcher of this.#watchers) watcher(line);
    });
    stream.on('data', (chunk: Buffer) => {
      this.#tail.push(chunk);
      lines.push(chunk);
    });
    const end = finished(stream).catch(() => undefined); // the exit status says why
    this.#ended = end.then(() => {
      lines.end();
      this.close();
    });
    this.#name = name;
  }

  /** Logs how much was not logged. Needed because an output may never end. May be called again. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const omitted = this.#notLogged;
    if (omitted > 0) logUnscoped('alpy.app', `${this.#name}: ${omitted} characters of its output were not logged`);
  }

  /** how many bytes at the start of the output were dropped */
  get droppedBytes(): number {
    return this.#tail.droppedBytes;
  }

  /** The output so far, without the dropped bytes. */
  textSoFar(): string {
    return this.#tail.bytes().toString();
  }

  /** The whole output, without the dropped bytes. */
  async text(): Promise<string> {
    await this.#ended;
    return this.textSoFar();
  }

  /** Resolves when the output has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Waits for a line that matches. Earlier lines count, but of a long output only the last MiB. Stays pending if none comes. */
  line(pattern: Pattern, signal: AbortSignal): Promise<string> {
    const matches = matcherOf(pattern);
    const known = this.#older.find(matches) ?? this.#newer.find(matches);
    if (known !== undefined) return Promise.resolve(known);
    const { promise, resolve } = Promise.withResolvers<string>();
    const watcher = (line: string): void => {
      if (matches(line)) resolve(line);
    };
    this.#watchers.add(watcher);
    signal.addEventListener('abort', () => this.#watchers.delete(watcher), { once: true });
    return promise;
  }

  /** Calls `take` with each line: with those so far, of a long output only the last MiB, and then with each new one. */
  onLine(take: (line: string) => void): void {
    for (const line of [...this.#older, ...this.#newer]) take(line);
    this.#watchers.add(take);
  }

  #log(name: string, line: string): void {
    if (this.#logged > loggedLength) {
      this.#notLogged += line.length;
      return;
    }
    const text = `${name}: ${escapeBytes(Buffer.from(line))}`; // escaping makes it longer
    this.#logged += text.length;
    logUnscoped('alpy.app', text);
    if (this.#logged > loggedLength) logUnscoped('alpy.app', `${name}: its output is long; the rest is not logged`);
  }

  #keep(line: string): void {
    this.#newer.push(line);
    this.#newerLength += line.length + 1;
    if (this.#newerLength < searchedLength) return;
    this.#older = this.#newer;
    this.#newer = [];
    this.#newerLength = 0;
  }
}

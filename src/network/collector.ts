// SPDX-License-Identifier: GPL-3.0-or-later
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { LineSplitter, OutputTail } from '../core/output.ts';
import { logUnscoped } from '../core/step.ts';
import { escapeBytes } from '../core/text.ts';

/** Characters of the last lines that {@link Collector.line} can find at least. */
const searchedLength = 1024 ** 2;

/** Characters of an output that go to the log: an app that prints without end must not drown what others print. */
const loggedLength = 256 * 1024;

/** Keeps the end of an output, and logs its lines. However much comes, it takes a bounded amount of memory. */
export class Collector {
  readonly #name: string;
  readonly #tail = new OutputTail();
  readonly #watchers = new Set<(line: string) => void>();
  readonly #ended: Promise<void>;
  /** two generations of lines: when the newer one is full, the older one goes */
  #older: string[] = [];
  #newer: string[] = [];
  #newerLength = 0;
  #logged = 0;
  #notLogged = 0;
  #isClosed = false;

  /** @param name - of the app, which begins each line of the log */
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
    const end = finished(stream).catch(() => undefined); // the exit status tells the rest
    this.#ended = end.then(() => {
      lines.end();
      this.close();
    });
    this.#name = name;
  }

  /** Says in the log what is not in it; an output that nobody reads any more need not end. May be called again. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const left = this.#notLogged;
    if (left > 0) logUnscoped('alpy.app', `${this.#name}: ${left} characters of its output were not logged`);
  }

  /** how many bytes came before those that were kept */
  get droppedBytes(): number {
    return this.#tail.droppedBytes;
  }

  /** What was kept of what came so far. */
  sofar(): string {
    return this.#tail.bytes().toString();
  }

  /** What was kept of all. */
  async text(): Promise<string> {
    await this.#ended;
    return this.sofar();
  }

  /** Settles when all has come. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Waits for a line; those that came before count, of a flood the last MiB of them. Pending for ever when none comes. */
  line(pattern: RegExp, signal: AbortSignal): Promise<string> {
    const matches = (line: string): boolean => pattern.test(line);
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

  #log(name: string, line: string): void {
    if (this.#logged > loggedLength) {
      this.#notLogged += line.length;
      return;
    }
    const text = `${name}: ${escapeBytes(Buffer.from(line))}`; // what has to be escaped becomes longer
    this.#logged += text.length;
    logUnscoped('alpy.app', text);
    if (this.#logged > loggedLength) logUnscoped('alpy.app', `${name}: prints a lot, of which nothing more is logged`);
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

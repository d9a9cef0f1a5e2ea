// SPDX-License-Identifier: GPL-3.0-or-later
import { appendFileSync, closeSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openPlainSync } from '../core/plain-file.ts';
import type { StepEvent } from '../core/step.ts';
import { eventLine, OpenSteps } from './events.ts';
import { printableJson } from './text.ts';

/**
 * Writes `debug.log` (for people: `ms` since it was opened, then the line) and `events.ndjson` (for programs) of one test. Every
 * event is handed to the kernel before {@link DebugLog.sink} returns, so no event is lost if the process crashes. Never throws,
 * because a log that cannot be written must not fail a test. {@link DebugLog.failure} says why a log is incomplete.
 */
export class DebugLog implements Disposable {
  readonly #startMs: number;
  readonly #openSteps = new OpenSteps();
  #files: { readonly text: number; readonly json: number } | undefined;
  #failure: unknown;

  private constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /**
   * Opens both files to append to them.
   * @param directory - the test's directory; created if it does not exist
   * @param startMs - time that is shown as 0 in `debug.log`, in `ms` since 1970
   */
  static open(directory: string, startMs: number = Date.now()): DebugLog {
    const log = new DebugLog(startMs);
    try {
      mkdirSync(directory, { recursive: true });
      const text = openPlainSync(join(directory, 'debug.log'), 'a');
      log.#files = { text, json: openPlainSync(join(directory, 'events.ndjson'), 'a') };
    } catch (error) {
      log.#failure = error;
    }
    return log;
  }

  /** Receives the events of the test. Does nothing after the log was closed. Bound, so that it can be passed as a function. */
  readonly sink = (event: StepEvent): void => {
    if (!this.#files || this.#failure !== undefined) return; // a log with a gap would be misleading
    try {
      const at = String(Math.round(event.timeMs - this.#startMs)).padStart(7);
      appendFileSync(this.#files.text, `${at} ${eventLine(event, this.#openSteps.follow(event))}\n`);
      appendFileSync(this.#files.json, `${printableJson(event)}\n`);
    } catch (error) {
      this.#failure = error;
    }
  };

  /** Why the log is incomplete, such as a full disk or a read-only directory; `undefined` if it is complete. */
  get failure(): unknown {
    return this.#failure;
  }

  [Symbol.dispose](): void {
    const files = this.#files;
    this.#files = undefined;
    if (!files) return;
    for (const file of [files.text, files.json]) {
      try {
        closeSync(file);
      } catch (error) {
        this.#failure ??= error; // network file systems report a full disk only now
      }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BoundedFile, type FileBounds } from '../core/bounded-file.ts';
import type { StepEvent } from '../core/step.ts';
import { printableJson } from '../core/text.ts';
import { eventLine, OpenSteps } from './events.ts';

/**
 * Writes `debug.log` (for people: `ms` since it was opened, then the line) and `events.ndjson` (for programs) of one test. Every
 * event is handed to the kernel before {@link DebugLog.sink} returns, so no event is lost if the process crashes. Never throws,
 * because a log that cannot be written must not fail a test. {@link DebugLog.failure} says why a log is incomplete. If a file becomes
 * larger than 64 MiB, as that of a testbed that lives for days may, its middle is left out, and the file says so.
 */
export class DebugLog implements Disposable {
  readonly #startMs: number;
  readonly #openSteps = new OpenSteps();
  #files: { readonly text: BoundedFile; readonly json: BoundedFile } | undefined;
  #failure: unknown;

  private constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /**
   * Opens both files to append to them.
   * @param directory - the test's directory; created if it does not exist
   * @param startMs - time that is shown as 0 in `debug.log`, in `ms` since 1970
   * @param bounds - of each file
   */
  static open(directory: string, startMs: number = Date.now(), bounds?: FileBounds): DebugLog {
    const log = new DebugLog(startMs);
    try {
      mkdirSync(directory, { recursive: true });
      const text = new BoundedFile(join(directory, 'debug.log'), textNote, bounds);
      log.#files = { text, json: new BoundedFile(join(directory, 'events.ndjson'), jsonNote, bounds) };
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
      this.#files.text.append(`${at} ${eventLine(event, this.#openSteps.follow(event))}\n`);
      this.#files.json.append(`${printableJson(event)}\n`);
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
        file.close();
      } catch (error) {
        this.#failure ??= error; // network file systems report a full disk only now
      }
    }
  }
}

function textNote(leftOutBytes: number): string {
  return `… ${leftOutBytes} bytes were left out here\n`;
}

function jsonNote(leftOutBytes: number): string {
  const event: StepEvent = { kind: 'log', source: 'alpy.report', timeMs: Date.now(), text: textNote(leftOutBytes).trimEnd() };
  return `${printableJson(event)}\n`;
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const resultLine = /^(?<status>PASSED|FAILED|ERROR|SKIPPED|FLAKY) (?<name>.*) \(/;

/** What a run prints. */
export class RunOutput {
  readonly lines: string[] = [];
  /** settles when the run has ended and all of its output was read */
  readonly ended: Promise<{ readonly status: number | NodeJS.Signals | null }>;
  #waiting: { readonly pattern: RegExp; left: number; readonly found: () => void } | undefined;

  constructor(child: ChildProcess) {
    for (const input of [child.stdout!, child.stderr!]) {
      createInterface({ input }).on('line', (line) => {
        this.#take(line);
      });
    }
    this.ended = once(child, 'exit').then(([status, signal]: (number | NodeJS.Signals | null)[]) => ({
      status: status ?? signal ?? null,
    }));
  }

  /** status by name of the tests whose results were printed */
  get results(): ReadonlyMap<string, string> {
    const found = this.lines.map((line) => resultLine.exec(line)?.groups).filter((groups) => groups !== undefined);
    return new Map(found.map(({ name, status }) => [name!, status!]));
  }

  /** Waits for the nth line that matches. @returns false when the run ends before */
  async line(pattern: RegExp, nth: number): Promise<boolean> {
    const found = new Promise<boolean>((resolve) => {
      this.#waiting = {
        pattern,
        left: nth,
        found: () => {
          resolve(true);
        },
      };
    });
    return Promise.race([found, this.ended.then(() => false)]);
  }

  #take(line: string): void {
    this.lines.push(line);
    const waiting = this.#waiting;
    if (waiting?.pattern.test(line) !== true) return;
    waiting.left -= 1;
    if (waiting.left === 0) waiting.found();
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Outcome } from './run-case.ts';

/** Outcomes of an interrupted campaign in a file, one per line. */
export class OutcomesFile {
  readonly #path: string | undefined;

  /** @param path - absent to keep nothing */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  read(): readonly Outcome[] {
    if (this.#path === undefined || !existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Outcome);
  }

  add(outcome: Outcome): void {
    if (this.#path !== undefined) appendFileSync(this.#path, `${JSON.stringify(outcome)}\n`);
  }
}

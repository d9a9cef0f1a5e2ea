// SPDX-License-Identifier: GPL-3.0-or-later
import { appendFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, messageOf, UsageError } from '../core/errors.ts';
import type { RunReport, TestReport } from './model.ts';
import { exitStatusOf } from './status.ts';

/** File of the output directory that has the results of a run that goes on: a line of JSON for the run, then one for each test. */
export const storedResultsFile = 'results.ndjson';

/** What is known of a run before its first test. */
export type RunHead = Pick<RunReport, 'alpyVersion' | 'startedAt' | 'environment' | 'shard' | 'job'>;

/**
 * Stores the result of every test as soon as it has one, so that nothing is lost when the run dies before it can write its
 * reports. They take the file's place in the end. Never throws: see {@link StoredResults.failure}.
 */
export class StoredResults {
  readonly #file: string;
  #failure: EnvironmentError | undefined;

  constructor(outDirectory: string) {
    this.#file = join(outDirectory, storedResultsFile);
  }

  /** Begins the file. */
  begin(head: RunHead): void {
    this.#attempt(() => {
      rmSync(this.#file, { force: true });
    });
    this.#append({ run: head });
  }

  /** Adds a test that has ended. @param test - without secrets */
  add(test: TestReport): void {
    this.#append({ test });
  }

  /** Why the file is not complete; nothing when it is. */
  get failure(): EnvironmentError | undefined {
    return this.#failure;
  }

  /** Removes the file, when the reports are there. */
  remove(): void {
    this.#attempt(() => {
      rmSync(this.#file, { force: true });
    });
  }

  #append(value: object): void {
    this.#attempt(() => {
      appendFileSync(this.#file, `${JSON.stringify(value)}\n`);
    });
  }

  #attempt(act: () => void): void {
    try {
      if (this.#failure === undefined) act(); // after a gap the rest would mislead
    } catch (cause) {
      this.#failure = new EnvironmentError(`cannot store results in ${this.#file}: ${messageOf(cause)}`, { cause });
    }
  }
}

/**
 * Reads the stored results of a run that died.
 * @returns its report, with an error that says that it is not complete
 * @throws UsageError when there are none
 */
export async function readStoredResults(outDirectory: string): Promise<RunReport> {
  const file = join(outDirectory, storedResultsFile);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`cannot read ${file}: ${messageOf(cause)}`, { cause });
  });
  const lines = text.split('\n').flatMap((line) => parse(line) ?? []);
  const head = lines.find((line) => line.run !== undefined)?.run;
  if (!head) throw new UsageError(`${file} holds no results of alpy`);
  const tests = lines.flatMap(({ test }) => test ?? []);
  const message = `the run ended before it could write its reports; this is what it had stored, ${tests.length} tests`;
  const errors = [{ message, code: 'ALPY_ENVIRONMENT', fault: 'environment' } as const];
  const durationMs = tests.reduce((sum, test) => sum + test.durationMs, 0);
  return { ...head, durationMs, tests, errors, exitStatus: exitStatusOf({ tests, errors }) };
}

/** A line that is not whole was the last one. */
function parse(line: string): { readonly run?: RunHead; readonly test?: TestReport } | undefined {
  try {
    return JSON.parse(line) as { readonly run?: RunHead; readonly test?: TestReport };
  } catch {
    return undefined;
  }
}

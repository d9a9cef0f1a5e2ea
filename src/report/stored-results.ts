// SPDX-License-Identifier: GPL-3.0-or-later
import { appendFileSync, closeSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, messageOf, UsageError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-object.ts';
import { openPlainSync, readPlain } from '../core/plain-file.ts';
import { printableJson } from '../core/text.ts';
import type { RunHead, RunReport, TestReport } from './model.ts';
import { checkReport, headSchema, maxReportBytes, testSchema } from './run-schema.ts';
import { exitStatusOf } from './status.ts';

/** Name of the file with the results of an unfinished run: a line of JSON for the run, then one for each test. */
export const storedResultsFile = 'results.ndjson';

/**
 * Stores the result of every test as soon as it ends, so that no result is lost if the run dies before it writes its reports, which
 * then replace the file. Never throws: see {@link StoredResults.failure}.
 */
export class StoredResults {
  readonly #file: string;
  #failure: EnvironmentError | undefined;

  constructor(outDirectory: string) {
    this.#file = join(outDirectory, storedResultsFile);
  }

  /** Starts a new file. */
  begin(head: RunHead): void {
    this.#attempt(() => {
      rmSync(this.#file, { force: true });
    });
    this.#append({ run: head });
  }

  /** Adds the result of a test. @param test - must not contain secrets */
  add(test: TestReport): void {
    this.#append({ test });
  }

  /** Why the file is incomplete; `undefined` if it is complete. */
  get failure(): EnvironmentError | undefined {
    return this.#failure;
  }

  /** Removes the file. Call it after the reports were written. */
  remove(): void {
    this.#attempt(() => {
      rmSync(this.#file, { force: true });
    });
  }

  #append(value: object): void {
    this.#attempt(() => {
      const file = openPlainSync(this.#file, 'a');
      try {
        appendFileSync(file, `${printableJson(value)}\n`);
      } finally {
        closeSync(file);
      }
    });
  }

  #attempt(act: () => void): void {
    try {
      if (this.#failure === undefined) act(); // a file with a gap would be misleading
    } catch (cause) {
      this.#failure = new EnvironmentError(`cannot store results in ${this.#file}: ${messageOf(cause)}`, { cause });
    }
  }
}

/**
 * Reads the stored results of a run that died.
 * @returns its report, with an error that says that it is incomplete
 * @throws UsageError if no results are stored
 */
export async function readStoredResults(outDirectory: string): Promise<RunReport> {
  const file = join(outDirectory, storedResultsFile);
  const text = await readPlain(file, maxReportBytes).catch((cause: unknown) => {
    throw new UsageError(`cannot read ${file}: ${messageOf(cause)}`, { cause });
  });
  const lines = text.split('\n').map(parse);
  const head = lines.find((line) => line.run !== undefined)?.run;
  if (!head) throw new UsageError(`expected results of alpy in ${file}, got something else`);
  const tests = lines.flatMap(({ test }) => test ?? []);
  const message = `the run ended before it could write its reports; it had stored the results of ${tests.length} tests`;
  const errors = [{ message, code: 'ALPY_ENVIRONMENT', fault: 'environment' } as const];
  const durationMs = tests.reduce((sum, test) => sum + test.durationMs, 0);
  return { ...head, durationMs, tests, errors, exitStatus: exitStatusOf({ ...head, tests, errors }) };
}

/** Returns nothing for the last line of a run that died while it was writing it. */
function parse(line: string): { readonly run?: RunHead | undefined; readonly test?: TestReport | undefined } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return {};
  }
  if (!isJsonObject(value)) return {};
  return { run: checkReport(headSchema, value['run']).data, test: checkReport(testSchema, value['test']).data };
}

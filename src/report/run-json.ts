// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { messageOf, UsageError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-object.ts';
import { readPlain } from '../core/plain-file.ts';
import { printableJson } from '../core/text.ts';
import type { RunReport } from './model.ts';
import { checkReport, maxReportBytes, runSchema } from './run-schema.ts';
import { writeReport } from './write-file.ts';

/** Version of the format of `run.json`. Increased when readers of the old format would misread the new one. */
const runJsonVersion = 1;

/** Content of `run.json`. */
export function runJson(report: RunReport): string {
  return `${printableJson({ schemaVersion: runJsonVersion, ...report }, 2)}\n`;
}

/**
 * Writes `run.json` into the output directory.
 * @throws {@link EnvironmentError} if it cannot be written
 */
export async function writeRunJson(outDirectory: string, report: RunReport): Promise<void> {
  await writeReport(join(outDirectory, 'run.json'), runJson(report));
}

/**
 * Reads `run.json` of an earlier run.
 * @throws UsageError if it cannot be read, or is something else
 */
export async function readRunJson(file: string): Promise<RunReport> {
  let value: unknown;
  try {
    value = JSON.parse(await readPlain(file, maxReportBytes));
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
  return parseRunJson(value, file);
}

/**
 * Checks the content of `run.json`.
 * @param file - where it comes from, for messages
 * @throws UsageError if it is something else, or has another version
 */
export function parseRunJson(value: unknown, file: string): RunReport {
  const version = isJsonObject(value) ? value['schemaVersion'] : undefined;
  if (version === undefined) throw new UsageError(`expected run.json of alpy in ${file}, got something else`);
  if (version !== runJsonVersion)
    throw new UsageError(
      `expected version ${runJsonVersion} of run.json in ${file}, got ${JSON.stringify(version)}: use the alpy that wrote it`,
    );
  const { data, problem } = checkReport(runSchema, value);
  if (data === undefined) throw new UsageError(`expected run.json of alpy in ${file}, got something else: ${problem}`);
  return data;
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import type { RunReport } from './model.ts';
import { writeReport } from './write-file.ts';

/** Version of the format of `run.json`; grows when a reader of the old one would go wrong. */
export const runJsonVersion = 1;

/** The report as `run.json` holds it. */
export function runJson(report: RunReport): string {
  return `${JSON.stringify({ schemaVersion: runJsonVersion, ...report }, null, 2)}\n`;
}

/**
 * Writes `run.json` into the output directory.
 * @throws {@link EnvironmentError} when it cannot be written
 */
export async function writeRunJson(outDirectory: string, report: RunReport): Promise<void> {
  await writeReport(join(outDirectory, 'run.json'), runJson(report));
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { readRunJson } from '../report/index.ts';
import type { JobResult } from './note.ts';

/**
 * Reads the results of all jobs that shared the tests: `run.json` in a directory and in its subdirectories.
 * @throws UsageError if no file is found, or one cannot be read
 */
export async function readResults(directory: string, jobUrl: string): Promise<readonly JobResult[]> {
  const files = await Array.fromAsync(glob(['run.json', '*/run.json'], { cwd: directory }));
  if (files.length === 0)
    throw new UsageError(`no run.json in ${directory} or its subdirectories. Give the output directory of alpy run`);
  const reports = await Promise.all(files.sort().map((file) => readRunJson(join(directory, file))));
  return reports.map((report) => ({ report, jobUrl: report.job?.jobUrl ?? jobUrl, outPath: report.job?.outPath ?? 'alpy-out' }));
}

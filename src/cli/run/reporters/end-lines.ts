// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import {
  countLines,
  escapeControls,
  hasFailed,
  runErrorLines,
  skippedLines,
  summaryLines,
  type RunReport,
} from '../../../report/index.ts';
import { resultLine } from './result-line.ts';
import type { OutputStyle } from './run-output.ts';

/** The path of the report, then everything that went wrong, then the counts. */
export function endLines(report: RunReport, outPath: string): readonly string[] {
  return [reportLine(outPath), ...orderLines(report), ...summaryLines(report, outPath)];
}

/** How to repeat the random order of a run in which a test did not pass. */
export function orderLines({ tests, environment: { order } }: RunReport): readonly string[] {
  const isNeeded = order !== undefined && tests.some((test) => hasFailed(test) || test.status === 'flaky');
  return isNeeded ? [`order: ${escapeControls(order)}`] : [];
}

/** How many tests could not run, and why: most of them were never printed. */
export function notRunLines({ tests }: RunReport): readonly string[] {
  const lines = skippedLines(tests.filter(({ notRun }) => notRun === true));
  return lines.length > 0 ? ['', ...lines] : [];
}

/** The end of a run whose failures were printed when they happened: their names and places again, because others may have followed. */
export function shortEndLines(report: RunReport, outPath: string, style: OutputStyle): readonly string[] {
  const failed = report.tests.filter((test) => hasFailed(test) || test.status === 'flaky');
  const repeated = report.tests.length > 1 && failed.length > 0 ? ['', ...failed.map((test) => resultLine(test, style))] : [];
  const end = [reportLine(outPath), ...orderLines(report), ...countLines(report).slice(1)];
  return [...repeated, ...notRunLines(report), ...runErrorLines(report, style.failureStyle), '', ...end];
}

function reportLine(outPath: string): string {
  return `report: ${join(outPath, 'report', 'index.html')}`;
}

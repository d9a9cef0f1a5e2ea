// SPDX-License-Identifier: GPL-3.0-or-later
import { messageOf } from '../core/errors.ts';
import { writeAnnotations } from './annotations.ts';
import { writeHtml } from './html.ts';
import { writeMetrics } from './metrics.ts';
import type { RunReport } from './model.ts';
import { writeRunJson } from './run-json.ts';

/**
 * Writes all reports: `junit.xml`, `run.json`, `report/index.html`, `metrics.txt` and, in a GitLab job, `annotations.json`. If one
 * cannot be written, still writes the others.
 * @param outPath - output directory relative to the project's, for links in reports
 * @throws EnvironmentError if one cannot be written, AggregateError if several cannot
 */
export async function writeReports(report: RunReport, out: string, outPath: string): Promise<void> {
  const { job } = report;
  const writers = [
    async () => (await import('./junit.ts')).writeJunit(out, report, outPath), // only now, because its library takes long to load
    () => writeRunJson(out, report),
    () => writeHtml(out, report),
    () => writeMetrics(out, report),
    ...(job === undefined ? [] : [() => writeAnnotations(out, report, job)]),
  ];
  const errors: unknown[] = [];
  for (const write of writers) await write().catch((error: unknown) => errors.push(error));
  if (errors.length > 1) throw new AggregateError(errors, errors.map(messageOf).join('\n'));
  if (errors.length === 1) throw errors[0];
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { writeAnnotations } from './annotations.ts';
import { writeHtml } from './html.ts';
import { writeJunit } from './junit.ts';
import { writeMetrics } from './metrics.ts';
import type { RunReport } from './model.ts';
import { writeRunJson } from './run-json.ts';

/**
 * Writes all that is made of a report: `junit.xml`, `run.json`, `report/index.html`, `metrics.txt` and, in a GitLab job,
 * `annotations.json`.
 * @param outPath - output directory as reports name it: relative to the project's
 * @throws EnvironmentError when one cannot be written
 */
export async function writeReports(report: RunReport, out: string, outPath: string): Promise<void> {
  await writeJunit(out, report, outPath);
  await writeRunJson(out, report);
  await writeHtml(out, report);
  await writeMetrics(out, report);
  if (report.job !== undefined) await writeAnnotations(out, report, report.job);
}

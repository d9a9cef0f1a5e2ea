// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { median } from '../core/median.ts';
import type { RunReport, StepReport, TestReport, TestStatus } from './model.ts';
import { escapeControls } from './text.ts';
import { uniqueNames } from './unique-names.ts';
import { writeReport } from './write-file.ts';

const statuses: readonly TestStatus[] = ['passed', 'flaky', 'failed', 'error', 'skipped'];

/**
 * The figures of a run as OpenMetrics text, which GitLab's `artifacts:reports:metrics` compares between branches: numbers of tests,
 * durations in seconds. If no guest was booted, the metrics of boots are left out.
 * Format: https://github.com/prometheus/OpenMetrics (`specification/OpenMetrics.md`, version 1.0). Pure.
 */
export function metricsText(report: RunReport): string {
  const labels = testLabels(report.tests);
  const boots = report.tests.flatMap(({ steps }, index) => {
    const durationMs = bootMs(steps);
    return durationMs === undefined ? [] : [{ labels: labels[index] ?? '', durationMs }];
  });
  return [
    ...family('alpy_tests', 'Number of tests by how they ended.'),
    ...statuses.map((status) => `alpy_tests{status="${status}"} ${count(report, status)}`),
    ...family('alpy_run_duration_seconds', 'Duration of the run.', 'seconds'),
    `alpy_run_duration_seconds ${seconds(report.durationMs)}`,
    ...family('alpy_test_duration_seconds', 'Duration of each test, its testbed included.', 'seconds'),
    ...report.tests.map(({ durationMs }, index) => `alpy_test_duration_seconds${labels[index] ?? ''} ${seconds(durationMs)}`),
    ...bootFamilies(boots),
    '# EOF',
    '',
  ].join('\n');
}

/**
 * Writes `metrics.txt` into the output directory.
 * @throws {@link EnvironmentError} if it cannot be written
 */
export async function writeMetrics(outDirectory: string, report: RunReport): Promise<void> {
  await writeReport(join(outDirectory, 'metrics.txt'), metricsText(report));
}

function bootFamilies(boots: readonly { readonly labels: string; readonly durationMs: number }[]): readonly string[] {
  if (boots.length === 0) return [];
  // a name must end with its unit, so `median` cannot come last
  return [
    ...family('alpy_boot_duration_seconds', 'Duration of the first boot of the appliance in each test.', 'seconds'),
    ...boots.map(({ labels, durationMs }) => `alpy_boot_duration_seconds${labels} ${seconds(durationMs)}`),
    ...family('alpy_boot_duration_median_seconds', 'Median of the durations of the first boots.', 'seconds'),
    `alpy_boot_duration_median_seconds ${seconds(median(boots.map(({ durationMs }) => durationMs)))}`,
  ];
}

function family(name: string, help: string, unit?: string): readonly string[] {
  return [`# TYPE ${name} gauge`, ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]), `# HELP ${name} ${help}`];
}

function count({ tests }: RunReport, status: TestStatus): number {
  return tests.filter((test) => test.status === status).length;
}

/** Duration of the first successful boot of a guest, in `ms`. */
function bootMs(steps: readonly StepReport[]): number | undefined {
  for (const { category, durationMs, error, children } of steps) {
    const isBooted = category === 'testbed.boot' && error === undefined;
    const found = isBooted ? durationMs : bootMs(children);
    if (found !== undefined) return found;
  }
  return undefined;
}

function seconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(3);
}

/** Unique labels of each test: the format does not allow the same series twice. */
function testLabels(tests: readonly TestReport[]): readonly string[] {
  const labels = new Map<TestReport, string>();
  for (const [file, ofFile] of Map.groupBy(tests, (test) => escaped(test.file))) {
    const names = uniqueNames(ofFile.map(({ fullName }) => escaped(fullName)));
    for (const [index, test] of ofFile.entries()) {
      labels.set(test, `{file="${file}",test="${names[index] ?? ''}"}`);
    }
  }
  return tests.map((test) => labels.get(test) ?? '');
}

/** Escapes a label for the format. Also escapes control characters except the line feed, because some readers cannot handle them. */
function escaped(label: string): string {
  const lines = label.split('\n').map((line) => escapeControls(line).replace(/[\\"]/g, '\\$&'));
  return lines.join('\\n');
}

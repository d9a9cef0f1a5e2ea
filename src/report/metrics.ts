// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import type { RunReport, StepReport, TestReport, TestStatus } from './model.ts';
import { writeReport } from './write-file.ts';

const statuses: readonly TestStatus[] = ['passed', 'failed', 'error', 'skipped'];

/**
 * The figures of a run as OpenMetrics text, which GitLab's `artifacts:reports:metrics` compares between branches.
 * Format: https://github.com/prometheus/OpenMetrics (`specification/OpenMetrics.md`, version 1.0). Pure.
 */
export function metricsText(report: RunReport): string {
  const boots = report.tests.flatMap((test) => {
    const durationMs = bootMs(test.steps);
    return durationMs === undefined ? [] : [{ test, durationMs }];
  });
  const labelled = ({ file, fullName }: TestReport): string => `{file="${escaped(file)}",test="${escaped(fullName)}"}`;
  return [
    ...family('alpy_tests', 'Number of tests by how they ended.'),
    ...statuses.map((status) => `alpy_tests{status="${status}"} ${String(count(report, status))}`),
    ...family('alpy_run_duration_seconds', 'Duration of the run.', 'seconds'),
    `alpy_run_duration_seconds ${seconds(report.durationMs)}`,
    ...family('alpy_test_duration_seconds', 'Duration of each test, its testbed included.', 'seconds'),
    ...report.tests.map((test) => `alpy_test_duration_seconds${labelled(test)} ${seconds(test.durationMs)}`),
    ...family('alpy_boot_duration_seconds', 'Duration of the first boot of the appliance in each test.', 'seconds'),
    ...boots.map(({ test, durationMs }) => `alpy_boot_duration_seconds${labelled(test)} ${seconds(durationMs)}`),
    '# EOF',
    '',
  ].join('\n');
}

/**
 * Writes `metrics.txt` into the output directory.
 * @throws {@link EnvironmentError} when it cannot be written
 */
export async function writeMetrics(outDirectory: string, report: RunReport): Promise<void> {
  await writeReport(join(outDirectory, 'metrics.txt'), metricsText(report));
}

function family(name: string, help: string, unit?: string): readonly string[] {
  return [`# TYPE ${name} gauge`, ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]), `# HELP ${name} ${help}`];
}

function count({ tests }: RunReport, status: TestStatus): number {
  return tests.filter((test) => test.status === status).length;
}

/** Duration of the first step that boots a guest and ended well, in `ms`. Its title is that of `Dut.boot`. */
function bootMs(steps: readonly StepReport[]): number | undefined {
  for (const { source, title, durationMs, error, children } of steps) {
    const isBoot = source === 'alpy.testbed' && title.startsWith('Boot ') && error === undefined;
    const found = isBoot ? durationMs : bootMs(children);
    if (found !== undefined) return found;
  }
  return undefined;
}

function seconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(3);
}

function escaped(label: string): string {
  return label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

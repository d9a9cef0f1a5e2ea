// SPDX-License-Identifier: GPL-3.0-or-later
import type { StepSink } from '../core/step.ts';
import { eventLine, OpenSteps } from './events.ts';
import { failureLines, type FailureTextOptions } from './failure-text.ts';
import type { ErrorReport, RunReport, TestReport, TestStatus } from './model.ts';
import { overloadNote } from './overload-note.ts';
import { escapeControls, seconds } from './text.ts';

/** Returns a sink that writes one line per event, without timestamps because terminals and GitLab add their own. */
export function terminalSink(write: (line: string) => void): StepSink {
  const openSteps = new OpenSteps();
  return (event) => {
    write(eventLine(event, openSteps.follow(event)));
  };
}

const headings: Readonly<Record<TestStatus, string>> = {
  passed: 'PASSED',
  flaky: 'FLAKY',
  failed: 'FAILED',
  error: 'ERROR',
  skipped: 'SKIPPED',
};

/** Summary of one test: `FAILED tests/a.test.ts > forwards IPv4 (1.20 s)`. */
export function testLine({ status, file, fullName, durationMs, skipReason }: TestReport): string {
  const name = `${headings[status]} ${escapeControls(file)} > ${escapeControls(fullName)}`;
  if (status !== 'skipped') return `${name} (${seconds(durationMs)})`;
  return skipReason === undefined ? name : `${name}: ${escapeControls(skipReason)}`;
}

/**
 * The summary at the end of a run: every test that did not pass, with its messages and the path of its files, then the counts.
 * Programs may read the last line, whose format is stable: `3 passed, 1 failed, 2 skipped`. `failed` includes errors, also those
 * outside any test. Skipped tests are left out if there are none.
 * @param outDirectory - path by which the reader can open the output directory
 */
export function summaryLines(report: RunReport, outDirectory: string): readonly string[] {
  const notPassed = report.tests.filter(({ status }) => status !== 'passed');
  return [
    ...notPassed.filter(({ status }) => status === 'skipped').map(testLine),
    ...notPassed
      .filter(({ status }) => status !== 'skipped')
      .flatMap((test) => ['', testLine(test), ...testFailureLines(test, outDirectory)]),
    ...runErrorLines(report),
    ...countLines(report),
  ];
}

/**
 * What went wrong in a test, and the path of its files; indented.
 * @param outDirectory - path by which the reader can open the output directory
 */
export function testFailureLines(test: TestReport, outDirectory: string, style?: FailureTextOptions['style']): readonly string[] {
  const where = test.directory === undefined ? [] : [`  see ${outDirectory}/${test.directory}`];
  const note = overloadNote(test);
  const load = note === undefined ? [] : [`  ${escapeControls(note)}`];
  return [...errorLines(test.errors, style), ...load, ...where];
}

/** The errors outside any test, each after an empty line. */
export function runErrorLines({ errors }: RunReport, style?: FailureTextOptions['style']): readonly string[] {
  return errors.flatMap((error) => ['', 'ERROR outside any test', ...errorLines([error], style)]);
}

/** The last lines of a run, after an empty one: how long it took, and how many tests ended in which way. */
export function countLines(report: RunReport): readonly string[] {
  const count = (status: TestStatus): number => report.tests.filter((test) => test.status === status).length;
  const [failed, errors, skipped] = [count('failed'), count('error') + report.errors.length, count('skipped')];
  return [
    '',
    `Took ${seconds(report.durationMs)}; device's fault: ${failed}, other errors: ${errors}`,
    `${count('passed')} passed, ${failed + errors} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  ];
}

function errorLines(errors: readonly ErrorReport[], style: FailureTextOptions['style']): readonly string[] {
  return failureLines(errors, style ? { style } : {}).map((line) => `  ${line}`.trimEnd());
}

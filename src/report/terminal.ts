// SPDX-License-Identifier: GPL-3.0-or-later
import type { StepSink } from '../core/step.ts';
import { classNote } from './class-note.ts';
import { eventLine, OpenSteps } from './events.ts';
import { failureLines, type FailureTextOptions } from './failure-text.ts';
import type { ErrorReport, RunReport, TestReport, TestStatus } from './model.ts';
import { overloadNote } from './overload-note.ts';
import { hasFailed } from './status.ts';
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

/** Summary of one test: `FAILED tests/a.test.ts > forwards IPv4 (1.20 s)`, with the number of attempts if there were several. */
export function testLine({ status, file, fullName, durationMs, attempts = 1, skipReason }: TestReport): string {
  const name = `${headings[status]} ${escapeControls(file)} > ${escapeControls(fullName)}`;
  if (status !== 'skipped') return `${name} (${seconds(durationMs)}${attempts > 1 ? `, ${attempts} attempts` : ''})`;
  return skipReason === undefined ? name : `${name}: ${escapeControls(skipReason)}`;
}

/**
 * The summary at the end of a run: every test that did not pass, with its messages and the path of its files, then the counts.
 * Programs may read the last line, whose format is stable: `3 passed, 1 failed, 2 skipped, 1 flaky`. `failed` includes errors, also
 * those outside any test. Skipped and flaky tests are left out if their number is 0. Flaky tests are not counted as passed.
 * @param outDirectory - path by which the reader can open the output directory
 */
export function summaryLines(report: RunReport, outDirectory: string): readonly string[] {
  const paragraph = (test: TestReport): readonly string[] => ['', testLine(test), ...testFailureLines(test, outDirectory)];
  return [
    ...skippedLines(report.tests.filter(({ status }) => status === 'skipped')),
    ...report.tests.filter(({ status }) => status === 'flaky').flatMap(paragraph),
    ...report.tests.filter(hasFailed).flatMap(paragraph),
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
  const notes = [classNote(test), overloadNote(test)].flatMap((note) =>
    note === undefined ? [] : [`  ${escapeControls(note)}`],
  );
  const lines = errorLines(test.errors, style);
  const gap = lines.includes('') && notes.length + where.length > 0 ? [''] : [];
  return [...lines, ...gap, ...notes, ...where];
}

/** The errors outside any test, each after an empty line. */
export function runErrorLines({ errors }: RunReport, style?: FailureTextOptions['style']): readonly string[] {
  return errors.flatMap((error) => ['', 'ERROR outside any test', ...errorLines([error], style)]);
}

/** The last lines of a run, after an empty one: how long it took, and how many tests ended in which way. */
export function countLines(report: RunReport): readonly string[] {
  const count = (status: TestStatus): number => report.tests.filter((test) => test.status === status).length;
  const [failed, errors] = [count('failed'), count('error') + report.errors.length];
  return [
    '',
    `Took ${seconds(report.durationMs)}; device's fault: ${failed}, other errors: ${errors}`,
    [`${count('passed')} passed, ${failed + errors} failed`, ...counted(count, 'skipped'), ...counted(count, 'flaky')].join(', '),
  ];
}

function counted(count: (status: TestStatus) => number, status: TestStatus): readonly string[] {
  return count(status) > 0 ? [`${count(status)} ${status}`] : [];
}

/** One line per skipped test, but one for all that did not run for the same reason, because that can be a whole suite. */
export function skippedLines(skipped: readonly TestReport[]): readonly string[] {
  const groups = Map.groupBy(skipped, (test) => (test.notRun === true ? test.skipReason : test));
  return [...groups.values()].flatMap((tests) => {
    const reason = tests[0]?.skipReason;
    return tests.length === 1 || reason === undefined
      ? tests.map(testLine)
      : [`${headings.skipped} ${tests.length} tests: ${escapeControls(reason)}`];
  });
}

function errorLines(errors: readonly ErrorReport[], style: FailureTextOptions['style']): readonly string[] {
  return failureLines(errors, style ? { style } : {}).map((line) => `  ${line}`.trimEnd());
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { StepSink } from '../core/step.ts';
import { eventLine, OpenSteps } from './events.ts';
import type { ErrorReport, RunReport, TestReport, TestStatus } from './model.ts';
import { overloadNote } from './overload-note.ts';
import { capText, escapeControls, plainLines, seconds } from './text.ts';

/** A sink that writes one line per event; no timestamps, as terminals and GitLab have their own. */
export function terminalSink(write: (line: string) => void): StepSink {
  const openSteps = new OpenSteps();
  return (event) => {
    write(eventLine(event, openSteps.follow(event)));
  };
}

const headings: Readonly<Record<TestStatus, string>> = { passed: 'PASSED', failed: 'FAILED', error: 'ERROR', skipped: 'SKIPPED' };
const maxMessageLength = 2000;

/** One line on one test: `FAILED tests/a.test.ts > forwards IPv4 (1.20 s)`. */
export function testLine({ status, file, fullName, durationMs, skipReason }: TestReport): string {
  const name = `${headings[status]} ${escapeControls(file)} > ${escapeControls(fullName)}`;
  if (status !== 'skipped') return `${name} (${seconds(durationMs)})`;
  return skipReason === undefined ? name : `${name}: ${escapeControls(skipReason)}`;
}

/**
 * What is said when all is over: every test that did not pass, with its messages and where its files are, then the
 * counts. The last line stands alone and is stable, for programs to read: `3 passed, 1 failed, 2 skipped`, where failed
 * counts errors too, also those outside any test, and nothing is said of skipped tests when there are none.
 * @param outDirectory - output directory as the reader can open it
 */
export function summaryLines(report: RunReport, outDirectory: string): readonly string[] {
  const count = (status: TestStatus): number => report.tests.filter((test) => test.status === status).length;
  const told = report.tests.filter(({ status }) => status !== 'passed');
  const [failed, errors, skipped] = [count('failed'), count('error') + report.errors.length, count('skipped')];
  return [
    ...told.filter(({ status }) => status === 'skipped').map(testLine),
    ...told.filter(({ status }) => status !== 'skipped').flatMap((test) => testParagraph(test, outDirectory)),
    ...report.errors.flatMap((error) => ['', 'ERROR outside any test', ...errorLines(error)]),
    '',
    `Took ${seconds(report.durationMs)}; device's fault: ${failed}, other errors: ${errors}`,
    `${count('passed')} passed, ${failed + errors} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  ];
}

function testParagraph(test: TestReport, outDirectory: string): readonly string[] {
  const where = test.directory === undefined ? [] : [`  see ${outDirectory}/${test.directory}`];
  const note = overloadNote(test);
  const load = note === undefined ? [] : [`  ${escapeControls(note)}`];
  return ['', testLine(test), ...test.errors.flatMap(errorLines), ...load, ...where];
}

function errorLines({ message, diff, code }: ErrorReport): readonly string[] {
  const text = [message, diff].filter((part) => part !== undefined && part !== '').join('\n');
  const lines = capText(plainLines(text), maxMessageLength).split('\n');
  return [...lines, ...(code === undefined ? [] : [`(${code})`])].map((line) => `  ${line}`.trimEnd());
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { escapeControls, seconds, testLine, type TestReport, type TestStatus } from '../../../report/index.ts';
import type { OutputStyle, Paint } from './run-output.ts';

const symbols: Readonly<Record<TestStatus, readonly [symbol: string, colour: Parameters<Paint>[0]]>> = {
  passed: ['✓', 'green'],
  flaky: ['±', 'yellow'],
  failed: ['✗', 'red'],
  error: ['✗', 'red'],
  skipped: ['-', 'dim'],
};

/**
 * The result of a test as one line. In a terminal it begins with a symbol: `✓ tests/a.test.ts > forwards IPv4 (1.20 s)`; elsewhere
 * with a word, which programs can search for.
 */
export function resultLine(test: TestReport, { isTerminal, paint }: OutputStyle): string {
  const { status, file, fullName, durationMs, skipReason } = test;
  const [symbol, colour] = symbols[status];
  if (!isTerminal) return testLine(test).replace(/^\w+/, (word) => paint(colour, word)); // colours only if FORCE_COLOR asks for them
  const name = `${escapeControls(file)} > ${escapeControls(fullName)}`;
  const mark = `${paint(colour, symbol)} ${status === 'error' ? `${paint('red', 'ERROR')} ` : ''}`;
  if (status === 'skipped')
    return `${mark}${paint('dim', `${name}${skipReason === undefined ? '' : `: ${escapeControls(skipReason)}`}`)}`;
  return `${mark}${status === 'passed' ? name : paint(colour, name)} ${paint('dim', `(${seconds(durationMs)})`)}`;
}

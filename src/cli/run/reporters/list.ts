// SPDX-License-Identifier: GPL-3.0-or-later
import { classNote, countLines, escapeControls, testFailureLines, hasFailed, runErrorLines } from '../../../report/index.ts';
import { notRunLines, orderLines, shortEndLines } from './end-lines.ts';
import { factLines } from './fact-lines.ts';
import { resultLine } from './result-line.ts';
import type { OutputStyle, RunOutput, WriteLine } from './run-output.ts';

/** What a list shows. */
export interface ListOptions extends OutputStyle {
  /** `all`: every property of the run on a line; `quiet`: only failures and the summary */
  readonly amount: 'all' | 'usual' | 'quiet';
  /** path by which the reader can open the output directory */
  readonly outPath: string;
}

/** One line per test, what went wrong as soon as it is known, and a summary. */
export function listOutput(write: WriteLine, options: ListOptions): RunOutput {
  const { amount, outPath } = options;
  return {
    facts: (environment) => {
      if (amount === 'quiet') return;
      for (const line of factLines(environment, amount === 'all')) write(options.paint('dim', line));
    },
    test: (test) => {
      if (amount === 'quiet' && !hasFailed(test)) return;
      write(resultLine(test, options));
      if (!hasFailed(test)) {
        const note = classNote(test);
        if (note !== undefined) write(`  ${escapeControls(note)}`);
        return;
      }
      for (const line of [...testFailureLines(test, outPath, options.failureStyle), '']) write(line);
    },
    end: (report) => {
      const lines =
        amount === 'quiet'
          ? [...notRunLines(report), ...runErrorLines(report, options.failureStyle), ...orderLines(report), ...countLines(report)]
          : shortEndLines(report, outPath, options);
      for (const line of lines) write(line);
      return Promise.resolve();
    },
  };
}

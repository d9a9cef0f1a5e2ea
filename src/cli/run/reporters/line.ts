// SPDX-License-Identifier: GPL-3.0-or-later
import { testFailureLines, hasFailed } from '../../../report/index.ts';
import { shortEndLines } from './end-lines.ts';
import { resultLine } from './result-line.ts';
import type { OutputStyle, RunOutput, WriteLine } from './run-output.ts';

/** What {@link lineOutput} writes to. */
export interface LineOptions extends OutputStyle {
  readonly outPath: string;
  /** shows a line that the next one replaces; absent if the output is not a terminal */
  readonly rewrite: WriteLine | undefined;
}

/** One line that shows the last test that has ended; what went wrong stays. */
export function lineOutput(write: WriteLine, options: LineOptions): RunOutput {
  const { outPath, rewrite } = options;
  let count = 0;
  return {
    facts: () => undefined,
    test: (test) => {
      count += 1;
      if (!hasFailed(test)) rewrite?.(`[${count}] ${resultLine(test, options)}`);
      else
        for (const line of [resultLine(test, options), ...testFailureLines(test, outPath, options.failureStyle), '']) write(line);
    },
    end: (report) => {
      for (const line of shortEndLines(report, outPath, options)) write(line);
      return Promise.resolve();
    },
  };
}

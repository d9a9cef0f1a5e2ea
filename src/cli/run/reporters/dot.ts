// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestStatus } from '../../../report/index.ts';
import { endLines } from './end-lines.ts';
import type { OutputStyle, Paint, RunOutput } from './run-output.ts';

const marks: Readonly<Record<TestStatus, readonly [mark: string, colour: Parameters<Paint>[0]]>> = {
  passed: ['.', 'green'],
  flaky: ['f', 'yellow'],
  failed: ['F', 'red'],
  error: ['E', 'red'],
  skipped: ['s', 'dim'],
};

/** How many marks a line has. */
const marksPerLine = 80;

/**
 * One character per test, and all failures at the end.
 * @param write - takes a part of a line
 */
export function dotOutput(write: (text: string) => void, { paint }: OutputStyle): RunOutput {
  let count = 0;
  return {
    facts: () => undefined,
    test: ({ status }) => {
      const [mark, colour] = marks[status];
      count += 1;
      write(`${paint(colour, mark)}${count % marksPerLine === 0 ? '\n' : ''}`);
    },
    end: (report, outPath) => {
      if (count % marksPerLine !== 0) write('\n');
      for (const line of endLines(report, outPath)) write(`${line}\n`);
      return Promise.resolve();
    },
  };
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { classNote, escapeControls, hasFailed, plainLines, type ErrorReport, type RunReport } from '../../../report/index.ts';
import type { RunOutput, WriteLine } from './run-output.ts';

/**
 * Adds annotations of GitHub Actions to a list: an error for each failed test, at its place. Meanwhile GitHub takes no commands from
 * the list, because a guest could print some.
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 * @param createList - creates the output that prints everything else
 */
export function githubOutput(
  write: WriteLine,
  createList: (write: WriteLine) => RunOutput,
  token: string = randomBytes(16).toString('hex'),
): RunOutput {
  let last: string | undefined;
  const list = createList((line) => {
    if (last === undefined) write(`::stop-commands::${token}`);
    else write(last);
    last = line;
  });
  return {
    facts: list.facts,
    test: list.test,
    end: async (report, outPath) => {
      await list.end(report, outPath);
      write(`::${token}::`);
      for (const line of annotations(report)) write(line);
      if (last !== undefined) write(last); // the counts stay the last line, for programs
    },
  };
}

/** One command for each failed test, and for each error outside any test. */
function annotations({ tests, errors }: RunReport): readonly string[] {
  return [
    ...tests.filter(hasFailed).map((test) =>
      command(
        {
          file: test.file,
          ...(test.line === undefined ? {} : { line: test.line }),
          ...test.errors[0]?.place,
          title: test.fullName,
        },
        test.errors[0],
        classNote(test),
      ),
    ),
    ...errors.map((error) => command({ ...error.place, title: 'outside any test' }, error)),
  ];
}

interface Annotation {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly title: string;
}

function command({ file, line, column, title }: Annotation, error: ErrorReport | undefined, note?: string): string {
  const properties = Object.entries({ file, line, col: column, title })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(escapeControls(String(value)))}`);
  const text = [error?.message ?? 'the test failed', error?.codeFrame, error?.diff, note].filter((part) => part !== undefined);
  return `::error ${properties.join(',')}::${escapeData(plainLines(text.join('\n')))}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

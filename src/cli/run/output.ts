// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import {
  consoleArtifact,
  consoleTail,
  hasFailed,
  JobLog,
  stepLines,
  summaryLines,
  testLine,
  testSection,
} from '../../report/index.ts';
import type { RunReport, TestReport } from '../../report/index.ts';

/** Output of `alpy run` while it runs. */
export interface RunOutput {
  /** prints a property of the run, before the first test */
  readonly fact: (name: string, value: string) => void;
  /** prints the result of a test */
  readonly test: (test: TestReport) => void;
  /** prints the summary; resolves when everything has been printed */
  readonly end: (report: RunReport, outPath: string) => Promise<void>;
}

/** For a terminal: one line per test. Its worker has already shown its steps. */
export function terminalOutput(write: (line: string) => void): RunOutput {
  return {
    fact: (name, value) => {
      write(`${name}: ${value}`);
    },
    test: (test) => {
      write(testLine(test));
    },
    end: (report, outPath) => {
      for (const line of endLines(report, outPath)) write(line);
      return Promise.resolve();
    },
  };
}

/**
 * For the log of a GitLab job: a section per test, with its steps and, if it failed, the end of the console.
 * @param outDirectory - absolute path of the output directory
 * @param redact - masks secrets in the console; reports are already redacted
 */
export function jobOutput(
  write: (line: string) => void,
  outDirectory: string,
  redact: (text: string) => string,
  limitBytes?: number,
): RunOutput {
  const log = new JobLog({ write, ...(limitBytes === undefined ? {} : { limitBytes }) });
  let printed = Promise.resolve(); // tests are printed one after another, although reading their consoles takes time
  const print = async (test: TestReport): Promise<void> => {
    const file = consoleArtifact(test);
    let tail: readonly string[] = [];
    if (file !== undefined && hasFailed(test)) {
      tail = await consoleTail(join(outDirectory, file)).catch((error: unknown) => [messageOf(error)]);
    }
    testSection(log, test, tail.map(redact), stepLines(test.steps));
  };
  return {
    fact: (name, value) => {
      log.line(`${name}: ${value}`);
    },
    test: (test) => {
      printed = printed.then(() => print(test));
    },
    end: async (report, outPath) => {
      await printed;
      for (const line of endLines(report, outPath)) log.essential(line);
    },
  };
}

function endLines(report: RunReport, outPath: string): readonly string[] {
  return [`report: ${join(outPath, 'report', 'index.html')}`, ...summaryLines(report, outPath)];
}

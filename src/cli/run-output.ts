// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { consoleArtifact, consoleTail, JobLog, stepLines, summaryLines, testLine, testSection } from '../report/index.ts';
import type { RunReport, TestReport } from '../report/index.ts';

/** What `alpy run` says while it runs. */
export interface RunOutput {
  /** something found out before the first test */
  readonly fact: (name: string, value: string) => void;
  /** what became of a test */
  readonly test: (test: TestReport) => void;
  /** the end; resolves when all has been said */
  readonly end: (report: RunReport, outPath: string) => Promise<void>;
}

/** For a terminal: a line for each test, whose steps its worker has shown already. */
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
 * For the log of a GitLab job: a section for each test, with its steps and, if it went wrong, the end of the console.
 * @param outDirectory - absolute path of the output directory
 * @param redact - hides secrets in what the console said; reports come without any
 */
export function jobOutput(
  write: (line: string) => void,
  outDirectory: string,
  redact: (text: string) => string,
  limitBytes?: number,
): RunOutput {
  const log = new JobLog({ write, ...(limitBytes === undefined ? {} : { limitBytes }) });
  let said = Promise.resolve(); // one test after the other, though reading their consoles takes time
  const say = async (test: TestReport): Promise<void> => {
    const file = consoleArtifact(test);
    const isTold = test.status === 'failed' || test.status === 'error';
    let tail: readonly string[] = [];
    if (file !== undefined && isTold) {
      tail = await consoleTail(join(outDirectory, file)).catch((error: unknown) => [messageOf(error)]);
    }
    testSection(log, test, tail.map(redact), stepLines(test.steps));
  };
  return {
    fact: (name, value) => {
      log.line(`${name}: ${value}`);
    },
    test: (test) => {
      said = said.then(() => say(test));
    },
    end: async (report, outPath) => {
      await said;
      for (const line of endLines(report, outPath)) log.essential(line);
    },
  };
}

function endLines(report: RunReport, outPath: string): readonly string[] {
  return [`report: ${join(outPath, 'report', 'index.html')}`, ...summaryLines(report, outPath)];
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { messageOf } from '../../../core/errors.ts';
import {
  consoleArtifacts,
  consoleTail,
  type ConsoleTail,
  hasFailed,
  JobLog,
  stepLines,
  testSection,
  type TestReport,
} from '../../../report/index.ts';
import { endLines } from './end-lines.ts';
import type { RunOutput, WriteLine } from './run-output.ts';

/**
 * For the log of a GitLab job: a section per test, with its steps and, if it failed, the end of the console.
 * @param outDirectory - absolute path of the output directory
 * @param redact - masks secrets in the console; reports are already redacted
 */
export function jobOutput(
  write: WriteLine,
  outDirectory: string,
  redact: (text: string) => string,
  limitBytes?: number,
): RunOutput {
  const log = new JobLog({ write, ...(limitBytes === undefined ? {} : { limitBytes }) });
  let printed = Promise.resolve(); // tests are printed one after another, although reading their consoles takes time
  const print = async (test: TestReport): Promise<void> => {
    const tails: ConsoleTail[] = [];
    for (const file of hasFailed(test) ? consoleArtifacts(test) : []) {
      const lines = await consoleTail(join(outDirectory, file)).catch((error: unknown) => [messageOf(error)]);
      tails.push({ file, lines: lines.map(redact) });
    }
    testSection(log, test, tails, stepLines(test.steps));
  };
  return {
    facts: (environment) => {
      for (const [name, value] of Object.entries(environment)) log.line(`${name}: ${value}`);
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

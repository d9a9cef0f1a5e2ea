// SPDX-License-Identifier: GPL-3.0-or-later
import { runJson, type RunReport } from '../../../report/index.ts';
import type { RunOutput } from './run-output.ts';

/** The report of the run as `run.json` has it, and nothing else. */
export function jsonOutput(write: (text: string) => void): RunOutput {
  return documentOutput(write, (report) => Promise.resolve(runJson(report)));
}

/** The report of the run as `junit.xml` has it, and nothing else. */
export function junitOutput(write: (text: string) => void): RunOutput {
  return documentOutput(write, async (report, outPath) => {
    const { junitXml } = await import('../../../report/junit.ts'); // only now, because its library takes long to load
    return junitXml(report, outPath);
  });
}

function documentOutput(
  write: (text: string) => void,
  format: (report: RunReport, outPath: string) => Promise<string>,
): RunOutput {
  return {
    facts: () => undefined,
    test: () => undefined,
    end: async (report, outPath) => {
      write(`${(await format(report, outPath)).trimEnd()}\n`);
    },
  };
}

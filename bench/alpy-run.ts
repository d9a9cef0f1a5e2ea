// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import type { RunReport, TestReport } from '../src/report/index.ts';
import type { Context } from './context.ts';
import { timed } from './figure.ts';

export const repository = resolve(import.meta.dirname, '..');
/** The program behind the command `alpy`. */
export const bin = join(repository, 'src/cli/bin.ts');

/** The outcome of an `alpy run`. */
export interface AlpyRun {
  /** duration of the whole command */
  readonly ms: number;
  /** how many tests failed */
  readonly failed: number;
  /** absolute path of its output folder, which the next run overwrites */
  readonly out: string;
}

/**
 * Runs tests like a user, with the snapshots of the benchmark.
 * @param project - folder of the configuration
 * @throws Error if no test could be run
 */
export async function alpyRun(
  { directory, snapshotDirectory, say }: Context,
  project: string,
  args: readonly string[],
): Promise<AlpyRun> {
  const out = join(directory, 'out');
  const env = { ALPY_SNAPSHOTS_DIRECTORY: snapshotDirectory };
  const command = [bin, 'run', ...args, '--quiet', '--out', out];
  const { ms, result } = await timed(() => execa(process.execPath, command, { cwd: project, env, reject: false }));
  const failed = /^\d+ passed, (\d+) failed/m.exec(result.stdout)?.[1];
  if (failed === undefined) throw new Error(`alpy run ended with ${String(result.exitCode)}: ${result.stdout}\n${result.stderr}`);
  if (failed !== '0') say(result.stdout);
  return { ms, failed: Number(failed), out };
}

/** A test that has passed. */
export interface PassedTest {
  readonly report: TestReport;
  /** reads a file that it wrote to its folder */
  readonly read: (file: string) => Promise<string>;
}

/**
 * Runs the tests of a project.
 * @param project - folder of the configuration, relative to the repository
 * @param failure - what is wrong if one of them fails, for the message
 * @throws Error if one fails, or no test could be run
 */
export async function passedTests(context: Context, project: string, failure: string): Promise<readonly PassedTest[]> {
  const { failed, out } = await alpyRun(context, join(repository, project), []);
  if (failed > 0) throw new Error(failure);
  const { tests } = JSON.parse(await readFile(join(out, 'run.json'), 'utf8')) as RunReport;
  return tests.map((report) => ({ report, read: (file) => readFile(join(out, report.directory ?? '', file), 'utf8') }));
}

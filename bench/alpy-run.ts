// SPDX-License-Identifier: GPL-3.0-or-later
import { join, resolve } from 'node:path';
import { execa } from 'execa';
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

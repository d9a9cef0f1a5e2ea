// SPDX-License-Identifier: GPL-3.0-or-later
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import type { Context } from '../context.ts';
import { timed } from '../figure.ts';

const repository = resolve(import.meta.dirname, '../..');
const bin = join(repository, 'src/cli/bin.ts');

/** Rabbit's reference tests; the name of each is that of its folder. */
export const referenceTests = ['forward-ipv4', 'rate-limit', 'load-balancing'] as const;

/** Names of those of Rabbit's tests that the original has too. */
const sameTests = 'forwards IPv4 between|limits the rate|spreads HTTP';

/** `alpy --help` */
export async function help({ figures }: Context): Promise<void> {
  const { ms } = await timed(() => execa(process.execPath, [bin, '--help']));
  figures.add('alpy --help', 'ms', ms);
}

/** One reference test by `alpy run`, from start to end of the command, with its snapshot in the store. */
export async function referenceTest(context: Context, name: (typeof referenceTests)[number]): Promise<void> {
  const ms = await run(context, repository, [name, '--test-name', sameTests]);
  context.figures.add(`test ${name}, by alpy run`, 'ms', ms);
}

/** The suite of twelve tests by `alpy run`, with its snapshots in the store. */
export async function suite(context: Context): Promise<void> {
  context.figures.add('suite of 12 tests, by alpy run', 'ms', await run(context, resolve(import.meta.dirname, '../suite'), []));
}

/** @throws Error when a test fails: then there is nothing to compare */
async function run({ directory, store }: Context, project: string, args: readonly string[]): Promise<number> {
  const out = join(directory, 'out');
  const env = { ALPY_SNAPSHOTS_DIRECTORY: store.directory };
  const { ms } = await timed(() =>
    execa(process.execPath, [bin, 'run', ...args, '--quiet', '--out', out], { cwd: project, env }),
  );
  return ms;
}

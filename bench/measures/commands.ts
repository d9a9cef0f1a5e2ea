// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { execa } from 'execa';
import { alpyRun, bin, repository } from '../alpy-run.ts';
import type { Context } from '../context.ts';
import { timed } from '../figure.ts';
import { watchProcessor } from '../processor.ts';

/** Folders of Rabbit's reference tests. */
export const referenceTests = ['forward-ipv4', 'rate-limit', 'load-balancing'] as const;

/** Names of the tests in these folders that the original also has. */
const comparableTests = 'forwards IPv4 between|limits the rate|spreads HTTP';

/** Measures `alpy --help`. */
export async function help({ figures }: Context): Promise<void> {
  const { ms } = await timed(() => execa(process.execPath, [bin, '--help']));
  figures.add('alpy --help', 'ms', ms);
}

/** Measures the whole command `alpy run` for one reference test, with its snapshot in the store. */
export async function referenceTest(context: Context, name: (typeof referenceTests)[number]): Promise<void> {
  const { ms } = await alpyRun(context, repository, [name, '--test-name', comparableTests]);
  context.figures.add(`test ${name}, by alpy run`, 'ms', ms);
}

/** Measures `alpy run` for the suite of twelve tests, with its snapshots in the store, and the parts of its time that alpy cannot reduce. */
export async function suite(context: Context): Promise<void> {
  const { figures } = context;
  const { result, use } = await watchProcessor(() => alpyRun(context, join(repository, 'bench/suite'), []));
  figures.add('suite of 12 tests, by alpy run', 'ms', result.ms);
  figures.add('suite of 12 tests, by alpy run: failed', 'tests', result.failed);
  figures.add('suite of 12 tests, by alpy run: nothing to do', 'ms of all processors', use.idleMs);
  figures.add('floor: the guests of 12 tests', 'ms of all processors', use.guestsMs);
}

// SPDX-License-Identifier: GPL-3.0-or-later
// `npm run test:mutations`: runs Rabbit's tests against Rabbits that make mistakes. Each test must fail, with a message that says why.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import yargs from 'yargs';
import { parse, stringify } from 'yaml';
import { snapshotDirectory } from '../../src/cli/cache.ts';
import type { RunReport } from '../../src/report/index.ts';
import { Project } from '../support/cli.ts';
import { judge } from './judge.ts';
import { mutate, titlePrefix } from './mutate.ts';
import { mutations } from './table.ts';

const root = resolve(import.meta.dirname, '../..');
const { only } = await yargs(process.argv.slice(2))
  .usage('$0 -- [options]')
  .option('only', { type: 'array', string: true, describe: 'folders of the tests to mutate; default: all' })
  .strict()
  .parseAsync();

const chosen = mutations
  .map((mutation, number) => ({ mutation, number }))
  .filter(({ mutation }) => only?.includes(mutation.folder) ?? true);
const configuration = parse(await readFile(join(root, 'alpy.yaml'), 'utf8')) as { appliance: { image: string } };
const files: Record<string, string> = {
  'alpy.yaml': stringify({
    ...configuration,
    appliance: { ...configuration.appliance, image: join(root, configuration.appliance.image) },
    tests: { include: ['tests/*.test.ts'] },
  }),
};
for (const { mutation, number } of chosen) {
  const source = await readFile(join(root, 'rabbit/tests', mutation.folder, `${mutation.folder}.test.ts`), 'utf8');
  files[`tests/${mutation.folder}-${number}.test.ts`] = mutate(source, mutation, number);
}
await using project = await Project.create(files);
const { stdout, stderr } = await project.run(['run', '--grep', `^${titlePrefix} `], {
  ALPY_SNAPSHOTS_DIRECTORY: snapshotDirectory(process.env, undefined),
});
const report = await readFile(project.path('alpy-out/run.json'), 'utf8').catch(() => {
  throw new Error(`alpy wrote no report:\n${stdout}${stderr}`);
});
const { tests } = JSON.parse(report) as RunReport;
let missed = 0;
for (const { mutation, number } of chosen) {
  const { problem, message } = judge(
    mutation,
    tests.find(({ name }) => name.startsWith(`${titlePrefix} ${number}: `)),
  );
  if (problem !== undefined) missed += 1;
  process.stdout.write(
    `${problem === undefined ? 'noticed' : 'MISSED '} ${mutation.folder}: ${mutation.wrong}\n          ${message.replaceAll('\n', '\n          ')}\n`,
  );
  if (problem !== undefined) process.stdout.write(`        ! ${problem}\n`);
}
process.stdout.write(`${chosen.length - missed} of ${chosen.length} mistakes were noticed\n`);
process.exitCode = missed > 0 ? 1 : 0;

// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jobPaths, loadSettings, longestSocketOf, settingsJsonSchema } from '../../../../src/gitlab/executor/index.ts';
import { runIdOf } from '../../../../src/gitlab/executor/paths.ts';
import { folder, settingsOf } from './make.ts';

test('an empty file has the defaults, which allow little', async () => {
  const { file, ...settings } = await settingsOf();
  expect(file).toMatch(/executor\.yaml$/);
  expect(settings).toEqual({
    root: '/var/lib/alpy',
    appliances: {},
    imageFolders: [],
    images: { allow: [] },
    alpyImages: {},
    variables: { allow: [] },
    limits: { memoryMiB: 4096, cpus: 4, links: 8, jobMemoryMiB: 2048, jobPids: 2048, capabilities: [], uplinks: [] },
    snapshotsMiB: 8192,
    graceSeconds: 600,
    keptMiB: 1024,
    trustJobs: false,
  });
});

test('a missing file: the error names the command that creates it', async () => {
  const file = join(await folder(), 'executor.yaml');
  const rejects = expect(loadSettings(file)).rejects;
  await rejects.toThrow(`${file}:\n  the file does not exist. alpy executor install creates it`);
  await rejects.toMatchObject({ code: 'ALPY_EXECUTOR_SETTINGS', fault: 'usage' });
});

test('all errors are reported together', async () => {
  const text = `
root: var/lib
rot: /x
appliances:
  router: { appliance: { memoryMiB: 512 } }
  fine: { appliance: { image: a.qcow2 } }
  ../evil: { appliance: { image: a.qcow2 } }
limits: { links: -1, memoryMiB: 1.5 }
trustJobs: 'yes'
graceSeconds: -1
`;
  const error: unknown = await settingsOf(text).catch((caught: unknown) => caught);
  expect((error as { problems: string[] }).problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
    ...['appliances.../evil', 'appliances.router.appliance.image', 'graceSeconds', 'limits.links', 'limits.memoryMiB', 'root'],
    ...['the whole file', 'trustJobs'],
  ]);
});

test.each(['{', 'a: b: c', '- 1', '5'])('invalid settings: %j', async (text) => {
  await expect(settingsOf(text)).rejects.toMatchObject({ code: 'ALPY_EXECUTOR_SETTINGS' });
});

test('the JSON Schema describes every key', () => {
  const { properties } = settingsJsonSchema() as { properties: Record<string, { description?: string }> };
  for (const { description } of Object.values(properties)) expect(description).toMatch(/^\w/);
});

test('every job has its own folders, except for the cache of its project', () => {
  const job = { key: '42-0123abcd', projectId: 7 };
  expect(jobPaths({ root: '/r' }, job)).toEqual({
    builds: '/r/builds/42-0123abcd',
    cache: '/r/cache/project-7',
    session: '/r/jobs/42-0123abcd',
  });
  expect(runIdOf(job)).toBe('job-42-0123abcd');
  expect(longestSocketOf({ root: '/r' })).toBe('/r/jobs/999999999999-ffffffff/shared/console.sock');
});

test.each(['A-B', 'A B', '', '$(x)', "'", '1A'])('variables.allow takes names, not %j', async (name) => {
  const text = JSON.stringify({ variables: { allow: ['LANG', 'AWS_*', name] } });
  await expect(settingsOf(text)).rejects.toMatchObject({
    code: 'ALPY_EXECUTOR_SETTINGS',
    problems: [expect.stringMatching(/^variables\.allow\.2: expected the name of a variable/)],
  });
});

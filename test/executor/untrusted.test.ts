// SPDX-License-Identifier: GPL-3.0-or-later
// Whoever may start a pipeline sets variables, images and services: none of that gets hold of the runner's machine.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useExecutorHost } from '../support/executor-host.ts';
import type { JobDescription } from '../support/runner/payload.ts';

const host = useExecutorHost();
const silent = { ALPY_APPLIANCE: 'silent' };

/** Runs a job that is to be refused while it is prepared, once. @returns its log */
async function refused(description: Omit<JobDescription, 'script'>): Promise<string> {
  const job = await host().start({ script: ['echo not-reached'], ...description });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'failed', failureReason: 'script_failure', exitCode: 2, attempts: 1 });
  expect(result.calls.map(({ name, status }) => `${name} ${String(status)}`)).toEqual(['config 0', 'prepare 1', 'cleanup 0']);
  return result.log;
}

test('variables that programs of the runner would heed are refused by name', async () => {
  const hostile = { LD_PRELOAD: '/tmp/x.so', GIT_SSH_COMMAND: 'touch /tmp/x', BASH_ENV: '/tmp/x', PATH: '/tmp' };
  const log = await refused({ variables: { ...silent, ...hostile } });
  for (const name of Object.keys(hostile)) expect(log).toMatch(new RegExp(`does not take the variables .*\\b${name}\\b`));
});

test('images that are not allowed are refused, of the job as of its services', async () => {
  const image = 'registry.example/evil:latest';
  expect(await refused({ variables: silent, image })).toContain(`does not run the image "${image}"; allowed are: alpy/traffic`);
  expect(await refused({ variables: silent, services: [{ name: image }] })).toContain(`does not run the image "${image}"`);
});

test('a project folder elsewhere, and an appliance of a strange name, are refused', async () => {
  expect(await refused({ variables: { ...silent, CI_PROJECT_DIR: '/etc' } })).toContain('CI_PROJECT_DIR is "/etc"');
  const trap = join(host().directory, 'trap');
  const log = await refused({ variables: { ALPY_APPLIANCE: `$(touch ${trap})\`touch ${trap}\`` } });
  expect(log).toContain('this runner has no appliance "$(touch ');
  expect(existsSync(trap)).toBe(false);
});

test('links that lead out of the project are gone before artifacts are packed; those within stay', async () => {
  await writeFile(join(host().directory, 'secret.txt'), 'of the runner');
  const job = await host().start({
    variables: silent,
    script: [
      `ln -s ${host().directory} out; mkdir inner 'a  b'; ln -s inner within`,
      `printf '' >"$(printf 'a  b/new\nline')"; ln -s /etc "$(printf 'a  b/et\nc')"`,
      'echo mine >inner/mine.txt; ln -s inner/mine.txt mine.txt; ln -s ../../../../etc/passwd inner/passwd',
    ],
    artifacts: { paths: ['out/secret.txt', 'within/mine.txt', 'mine.txt', 'inner/passwd'] },
  });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'success' });
  for (const name of ['out', 'inner/passwd', 'a  b/et'])
    expect(result.log).toMatch(new RegExp(`removed the link ".*/${name}": it leads out of the project`));
  expect(result.log).not.toMatch(/removed the link ".*within"/);
  expect(await host().readArtifact(job, 'within/mine.txt')).toBe('mine\n');
  await expect(host().readArtifact(job, 'out/secret.txt')).rejects.toThrow();
  await expect(host().readArtifact(job, 'inner/passwd')).rejects.toThrow();
});

test('values stay data, and what identifies the job cannot be overridden', async () => {
  const trap = join(host().directory, 'trap');
  const value = `it's "$(touch ${trap})" \`touch ${trap}\`\n\\n $HOME \${IFS} ä; exit 9`;
  const job = await host().start({
    variables: { ...silent, VALUE: value, CI_JOB_ID: '1', CI_JOB_TOKEN: 'other', CI_PROJECT_ID: '2' },
    script: ['printf %s "$VALUE" >value.txt', 'echo "job $CI_JOB_ID in $CI_BUILDS_DIR"'],
    artifacts: { paths: ['value.txt'] },
  });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(result.log).toMatch(new RegExp(`^job 1 in ${host().root}/builds/${String(job.payload.id)}-[0-9a-f]{8}\\r?$`, 'm'));
  expect(await host().readArtifact(job, 'value.txt')).toBe(value);
  expect(existsSync(trap)).toBe(false);
});

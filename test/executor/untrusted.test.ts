// SPDX-License-Identifier: GPL-3.0-or-later
// Everybody who can start a pipeline can set variables, images and services. None of these may give access to the runner's machine.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useExecutorHost } from '../support/executor-host.ts';
import type { JobDescription } from '../support/runner/payload.ts';
import { makeRepository } from '../support/runner/repository.ts';

const host = useExecutorHost();
const silent = { ALPY_APPLIANCE: 'silent' };

/** Runs a job and asserts that prepare refuses it, without a retry. @returns its log */
async function refused(description: Omit<JobDescription, 'script'>): Promise<string> {
  const job = await host().start({ script: ['echo not-reached'], ...description });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'failed', failureReason: 'script_failure', exitCode: 2, attempts: 1 });
  expect(result.calls.map(({ name, status }) => `${name} ${status}`)).toEqual(['config 0', 'prepare 1', 'cleanup 0']);
  return result.log;
}

test("variables that the runner's programs would react to reach the container, but not these programs", async () => {
  const [trap, program] = [join(host().directory, 'trap'), join(host().directory, 'program.sh')];
  await writeFile(program, `echo "$0" >>${trap}\n`, { mode: 0o755 });
  const names = [
    'GIT_TOKEN',
    'GIT_USER',
    'PYTHONUNBUFFERED',
    'NODE_OPTIONS',
    'EDITOR',
    'PAGER',
    'GIT_SSH_COMMAND',
    'GIT_ASKPASS',
  ];
  const variables = Object.fromEntries([...names, 'ENV', 'BASH_ENV', 'GIT_EXTERNAL_DIFF'].map((name) => [name, program]));
  const job = await host().start({
    variables: { ...silent, ...variables, PATH: '/usr/local/bin:/usr/bin:/bin:/evil' },
    script: ['env >environment.txt'],
    artifacts: { paths: ['environment.txt'] },
  });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(existsSync(trap)).toBe(false);
  const environment = (await host().readArtifact(job, 'environment.txt')).split('\n');
  for (const name of Object.keys(variables)) expect(environment).toContain(`${name}=${program}`);
  expect(environment).toContain('PATH=/usr/local/bin:/usr/bin:/bin:/evil');
});

test('options for git that only say how to fetch are accepted', async () => {
  const repository = await makeRepository(join(host().directory, 'outer'), { 'a.txt': 'a' });
  const job = await host().start({
    repository,
    variables: {
      ...silent,
      GIT_FETCH_EXTRA_FLAGS: '--no-tags --prune',
      GIT_SUBMODULE_STRATEGY: 'recursive',
      GIT_SUBMODULE_UPDATE_FLAGS: '--jobs 4',
    },
    script: ['cat a.txt'],
  });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'success' });
});

test("variables that would change what the runner's own scripts do are refused", async () => {
  const trap = join(host().directory, 'trap');
  for (const [variables, message] of [
    [{ GIT_FETCH_EXTRA_FLAGS: `--upload-pack=${trap}` }, 'GIT_FETCH_EXTRA_FLAGS: expected'],
    [{ GIT_SUBMODULE_UPDATE_FLAGS: `$(touch ${trap})` }, 'GIT_SUBMODULE_UPDATE_FLAGS: expected'],
    [{ GIT_SUBMODULE_PATHS: `$(touch ${trap})` }, 'GIT_SUBMODULE_PATHS: expected'],
    [{ FF_ENABLE_JOB_CLEANUP: 'true' }, 'refuses FF_ENABLE_JOB_CLEANUP: true'],
    [{ FF_POSIXLY_CORRECT_ESCAPES: '1', A: `a;touch\t${trap}` }, 'refuses FF_POSIXLY_CORRECT_ESCAPES: true'],
  ] as const)
    expect(await refused({ variables: { ...silent, ...variables } })).toContain(message);
  const cache = { key: `\`touch ${trap}\``, paths: ['a'] };
  expect(await refused({ variables: silent, cache })).toContain('cache: expected');
  expect(existsSync(trap)).toBe(false);
});

test('images that are not allowed are refused, for the job and for its services', async () => {
  const image = 'registry.example/evil:latest';
  expect(await refused({ variables: silent, image })).toContain(`does not run the image "${image}"`);
  expect(await refused({ variables: silent, services: [{ name: image }] })).toContain(`does not run the image "${image}"`);
});

test('a project folder elsewhere and an appliance with shell code in its name are refused', async () => {
  expect(await refused({ variables: { ...silent, CI_PROJECT_DIR: '/etc' } })).toContain('CI_PROJECT_DIR: expected');
  const trap = join(host().directory, 'trap');
  const log = await refused({ variables: { ALPY_APPLIANCE: `$(touch ${trap})\`touch ${trap}\`` } });
  expect(log).toContain('this runner has no appliance "$(touch ');
  expect(existsSync(trap)).toBe(false);
});

test('links that lead out of the project are removed before artifacts are packed; links within it stay', async () => {
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
  for (const name of ['out', 'inner/passwd', 'a  b/et\\\\nc'])
    expect(result.log).toMatch(new RegExp(`removed the link ".*/${name}": it leads out of the project`));
  expect(result.log).not.toMatch(/removed the link ".*within"/);
  expect(await host().readArtifact(job, 'within/mine.txt')).toBe('mine\n');
  await expect(host().readArtifact(job, 'out/secret.txt')).rejects.toThrow();
  await expect(host().readArtifact(job, 'inner/passwd')).rejects.toThrow();
});

test('values of variables are never executed, and the identity of the job cannot be overridden', async () => {
  const trap = join(host().directory, 'trap');
  const value = `it's "$(touch ${trap})" \`touch ${trap}\`\n\\n $HOME \${IFS} ä; exit 9`;
  const job = await host().start({
    variables: { ...silent, VALUE: value, CI_JOB_ID: '1', CI_JOB_TOKEN: 'other', CI_PROJECT_ID: '2' },
    script: ['printf %s "$VALUE" >value.txt', 'echo "job $CI_JOB_ID in $CI_BUILDS_DIR"'],
    artifacts: { paths: ['value.txt'] },
  });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(result.log).toMatch(new RegExp(`^job 1 in ${host().root}/builds/${job.payload.id}-[0-9a-f]{8}\\r?$`, 'm'));
  expect(await host().readArtifact(job, 'value.txt')).toBe(value);
  expect(existsSync(trap)).toBe(false);
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readJob } from '../../../../src/gitlab/executor/index.ts';
import { firstNonEmpty, valuesOf } from '../../../../src/gitlab/executor/job.ts';
import { environment, folder, jobWith, response } from './make.ts';

describe('JOB_RESPONSE_FILE', () => {
  test('must be set and readable', async () => {
    await expect(readJob({})).rejects.toThrow(
      'JOB_RESPONSE_FILE is not set. Do not call the stages of alpy executor yourself; GitLab Runner 17.9 or newer does',
    );
    for (const file of ['', '/nowhere/x', '/dev/zero'])
      await expect(readJob({ JOB_RESPONSE_FILE: file })).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
  });

  test.each(['', 'no JSON', '[]', '{"id": "42"}', '{"id": 42, "job_info": {"project_id": 1}}'])(
    'with %j holds no job',
    async (text) => {
      const file = join(await folder(), 'response.json');
      await writeFile(file, text);
      const rejects = expect(readJob({ JOB_RESPONSE_FILE: file })).rejects;
      await rejects.toThrow(`JOB_RESPONSE_FILE: expected a job in ${file}, got something else: `);
      await rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
    },
  );

  test('is read completely, except for its secrets', async () => {
    const job = await jobWith({ CI_PROJECT_DIR: '/b/p', A: 'x' }, { variables: [{ key: 'A' }, { key: 'B', value: 'y' }] });
    expect(job).toEqual({
      key: expect.stringMatching(/^42-[0-9a-f]{8}$/) as string,
      id: 42,
      projectId: 7,
      timeoutMs: 600_000,
      image: '',
      services: [],
      variables: { CI_PROJECT_DIR: '/b/p', A: 'x' },
      rawVariables: [
        { key: 'A', value: '' },
        { key: 'B', value: 'y' },
      ],
      secretNames: [],
      hooks: [],
      cacheKeys: [''],
      artifactNames: [],
      wantsUntracked: false,
    });
    expect(JSON.stringify(job)).not.toContain(response.token);
  });

  test('may omit fields or set them to null', async () => {
    const nothing = { runner_info: undefined, variables: null, image: null, hooks: null, artifacts: null, cache: null };
    expect(await jobWith({}, nothing)).toMatchObject({ timeoutMs: 3_600_000, image: '', hooks: [], wantsUntracked: false });
  });
});

test('variables of the job cannot change its identity and timeout', async () => {
  const plain = await jobWith();
  const overriding = await jobWith({
    CI_JOB_ID: '1',
    CI_PROJECT_ID: '2',
    CI_JOB_TOKEN: 'x',
    CI_JOB_TIMEOUT: '999999',
    CI_CONCURRENT_ID: '0',
    JOB_RESPONSE_FILE: '/evil',
    BUILD_EXIT_CODE_FILE: '/evil',
  });
  for (const key of ['key', 'id', 'projectId', 'timeoutMs', 'hooks'] as const) expect(overriding[key]).toEqual(plain[key]);
});

test('two jobs with the same id, for example of two GitLabs, have different keys', async () => {
  expect((await jobWith()).key).not.toBe((await jobWith({}, { token: 'another' })).key);
});

test('only variables with the prefix belong to the job', async () => {
  const job = await readJob({ ...(await environment({ A: '1' })), B: '2', ALPY_APPLIANCE: 'x' });
  expect(job.variables).toEqual({ A: '1' });
});

describe('image and services', () => {
  test('variables in the name of the image are expanded once', async () => {
    const variables = { CI_JOB_IMAGE: '${REGISTRY}/a$TAG$NONE:$$', REGISTRY: 'r.example', TAG: '-$SECRET', SECRET: 's' };
    expect((await jobWith(variables)).image).toBe('r.example/a-$SECRET:$$');
    expect((await jobWith({ T: '1' }, { image: { name: 'alpine:$T' } })).image).toBe('alpine:1');
    expect((await jobWith({ CI_JOB_IMAGE: '' }, { image: { name: 'a' } })).image).toBe('a'); // GitLab sets it to this if the job names no image
  });

  test('services are read as the runner writes them', async () => {
    const services = [
      { name: 'redis:$V', alias: '', entrypoint: null, command: null },
      { name: 'pg:9', alias: 'db', entrypoint: ['a'], command: ['b', '$V'], variables: [{ key: 'K', value: 'v' }] },
      { name: 'x', variables: { K: 'v' } },
    ];
    expect((await jobWith({ CI_JOB_SERVICES: JSON.stringify(services), V: '7' })).services).toEqual([
      { name: 'redis:7', alias: '', entrypoint: null, command: null },
      { name: 'pg:9', alias: 'db', entrypoint: ['a'], command: ['b', '$V'], variables: { K: 'v' } },
      { name: 'x', variables: { K: 'v' } },
    ]);
    for (const none of ['', '  ', '[]']) expect((await jobWith({ CI_JOB_SERVICES: none })).services).toEqual([]);
  });

  test.each(['redis', '{}', '[1]', '[{}]', '[{"name": ""}]', '[{"name": "a", "command": "b"}]'])(
    'malformed services are a usage error: %s',
    async (text) => {
      const rejects = expect(jobWith({ CI_JOB_SERVICES: text })).rejects;
      await rejects.toThrow('CI_JOB_SERVICES: expected a list of services, got something else: ');
      await rejects.toMatchObject({ code: 'ALPY_USAGE' });
    },
  );
});

test('keys of caches and names of artifacts are expanded', async () => {
  const difference = {
    job_info: { project_id: 7, name: 'a $V `b`' },
    git_info: { ref: 'main' },
    artifacts: [{ paths: ['a'] }, { name: 'all-$V' }],
    cache: [{ untracked: true }, { key: '$V-$(x)', fallback_keys: ['${V}'] }],
  };
  expect(await jobWith({ V: '1', CACHE_FALLBACK_KEY: 'old' }, difference)).toMatchObject({
    cacheKeys: ['a $V `b`/main', '1-$(x)', '1', 'old'],
    artifactNames: ['', 'all-1'],
    wantsUntracked: true,
  });
});

test('valuesOf returns the expanded value and the raw ones', async () => {
  const variables = [
    { key: 'GIT_CLEAN_FLAGS', value: '$A' },
    { key: 'GIT_CLEAN_FLAGS', value: null },
  ];
  const job = await jobWith({ GIT_CLEAN_FLAGS: '-x' }, { variables });
  expect([valuesOf(job, 'GIT_CLEAN_FLAGS'), valuesOf(job, 'OTHER')]).toEqual([['-x', '$A', ''], []]);
});

test('firstNonEmpty skips empty and missing values', () => {
  expect([firstNonEmpty(undefined, null, '', 'a', 'b'), firstNonEmpty(), firstNonEmpty('')]).toEqual(['a', '', '']);
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';

const repository = resolve(import.meta.dirname, '../../..');

interface Upload {
  readonly request: string;
  readonly authorization: string | undefined;
  readonly body: { readonly 'dist-tags': object; readonly _attachments: object };
}

/** Runs the script for a version, against a server that plays GitLab's package registry. */
async function publish(version: string, env: Readonly<Record<string, string>> = {}) {
  const uploads: Upload[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    // npm looks for other versions first
    if (method !== 'PUT') return void response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
    void json(request).then((body) => {
      uploads.push({ request: `${method} ${url}`, authorization: headers.authorization, body: body as Upload['body'] });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const directory = await mkdtemp(join(tmpdir(), 'alpy-publish-'));
  onTestFinished(async () => {
    server.close();
    await rm(directory, { recursive: true });
  });
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'alpy', version }));
  await execa('npm', ['pack', '--silent'], { cwd: directory });
  const { port } = server.address() as AddressInfo;
  const job = {
    CI_API_V4_URL: `http://127.0.0.1:${port}/api/v4`,
    CI_PROJECT_ID: '7',
    CI_JOB_TOKEN: 'job-token',
    CI_COMMIT_TAG: version,
    CI_SERVER_HOST: 'gitlab.example.com',
    GITLAB_CI: 'true',
    npm_config_fetch_retries: '0',
    ...env,
  };
  const script = join(repository, 'scripts/publish-package');
  const ended = await execa(script, [`alpy-${version}.tgz`], { cwd: directory, env: job, reject: false, all: true });
  return { uploads, ended };
}

test('publishes in the registry of the project, with the job token', async () => {
  const { uploads, ended } = await publish('1.2.3');
  expect(ended.exitCode, ended.all).toBe(0);
  expect(uploads).toMatchObject([
    {
      request: 'PUT /api/v4/projects/7/packages/npm/alpy',
      authorization: 'Bearer job-token',
      body: { 'dist-tags': { latest: '1.2.3' } },
    },
  ]);
  expect(Object.keys(uploads[0]?.body._attachments ?? {})).toEqual(['alpy-1.2.3.tgz']);
});

test('a pre-release is not the latest version', async () => {
  const { uploads, ended } = await publish('1.2.3-rc.1');
  expect(ended.exitCode, ended.all).toBe(0);
  expect(uploads[0]?.body['dist-tags']).toEqual({ next: '1.2.3-rc.1' });
});

test('for a public project on gitlab.com, npm wants to sign a provenance statement, which takes a token for Sigstore', async () => {
  const onGitlabCom = { CI_SERVER_HOST: 'gitlab.com', CI_PROJECT_VISIBILITY: 'public' };
  const { uploads, ended } = await publish('1.2.3', onGitlabCom);
  expect([ended.exitCode, uploads]).toEqual([1, []]);
  expect(ended.all).toContain('SIGSTORE_ID_TOKEN');
});

test('the job on a version tag has a token for Sigstore, and its artifact gets a provenance statement of the runner', async () => {
  const pipeline = parse(await readFile(join(repository, '.gitlab-ci.yml'), 'utf8')) as Record<string, object>;
  expect(pipeline['publish-package']).toMatchObject({
    rules: [{ if: expect.stringContaining('$CI_COMMIT_TAG =~') as string }],
    id_tokens: { SIGSTORE_ID_TOKEN: { aud: 'sigstore' } },
    variables: { RUNNER_GENERATE_ARTIFACTS_METADATA: 'true' },
    artifacts: { paths: ['alpy-*.tgz'] },
  });
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { registryLogin, registryOf, splitReference } from '../../../src/images/index.ts';

test.each([
  ['node', 'node', 'latest', 'docker.io'],
  ['alpy/node:1.0', 'alpy/node', '1.0', 'docker.io'],
  ['registry.example/g/p/node', 'registry.example/g/p/node', 'latest', 'registry.example'],
  ['127.0.0.1:5055/g/node:abc', '127.0.0.1:5055/g/node', 'abc', '127.0.0.1:5055'],
  ['localhost/node', 'localhost/node', 'latest', 'localhost'],
  [`registry.example:5000/node:1@sha256:${'0'.repeat(64)}`, 'registry.example:5000/node', '1', 'registry.example:5000'],
])('the parts of %s', (reference, repository, tag, registry) => {
  expect([splitReference(reference), registryOf(reference)]).toEqual([{ repository, tag }, registry]);
});

const auths = (registry: string, login: string): string =>
  JSON.stringify({ auths: { [registry]: { auth: Buffer.from(login).toString('base64') } } });

test("the job's login is for the project's registry alone", async () => {
  const env = { CI_REGISTRY: 'registry.example:5000', CI_REGISTRY_USER: 'u', CI_REGISTRY_PASSWORD: 'p', HOME: '/nonexistent' };
  expect(await registryLogin('registry.example:5000/g/node:1', env)).toEqual({
    username: 'u',
    password: 'p',
    serveraddress: 'registry.example:5000',
  });
  expect(await registryLogin('other.example/g/node:1', env)).toBeUndefined();
  expect(await registryLogin('registry.example:5000/g/node:1', { ...env, CI_REGISTRY_PASSWORD: '' })).toBeUndefined();
});

test("other logins come from DOCKER_AUTH_CONFIG, then from Docker's own file", async () => {
  const home = await mkdtemp(join(tmpdir(), 'alpy-docker-'));
  onTestFinished(() => rm(home, { recursive: true }));
  await writeFile(join(home, 'config.json'), auths('file.example', 'f:with:colons'));
  const env = { DOCKER_CONFIG: home, DOCKER_AUTH_CONFIG: auths('variable.example', 'v:w') };
  expect(await registryLogin('file.example/x', env)).toMatchObject({ username: 'f', password: 'with:colons' });
  expect(await registryLogin('variable.example/x', env)).toMatchObject({ username: 'v', password: 'w' });
  expect(await registryLogin('none.example/x', env)).toBeUndefined();
  await expect(registryLogin('a.example/x', { DOCKER_AUTH_CONFIG: '{' })).rejects.toThrow(
    'the variable DOCKER_AUTH_CONFIG is not JSON as Docker writes it into config.json',
  );
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
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

test("the job's login is used only for the project's registry", async () => {
  const env = { CI_REGISTRY: 'registry.example:5000', CI_REGISTRY_USER: 'u', CI_REGISTRY_PASSWORD: 'p', HOME: '/nonexistent' };
  expect(await registryLogin('registry.example:5000/g/node:1', env)).toEqual({
    username: 'u',
    password: 'p',
    serveraddress: 'registry.example:5000',
  });
  expect(await registryLogin('other.example/g/node:1', env)).toBeUndefined();
  for (const CI_REGISTRY_PASSWORD of ['', ' '])
    expect(await registryLogin('registry.example:5000/g/node:1', { ...env, CI_REGISTRY_PASSWORD })).toBeUndefined();
  const blank = await registryLogin('registry.example:5000/g/node:1', { ...env, CI_REGISTRY_PASSWORD: ' p ' });
  expect(blank?.password).toBe(' p ');
});

test("other logins come from DOCKER_AUTH_CONFIG, then from Docker's own file", async () => {
  const home = await mkdtemp(join(tmpdir(), 'alpy-docker-'));
  onTestFinished(() => rm(home, { recursive: true }));
  await writeFile(join(home, 'config.json'), auths('file.example', 'f:with:colons'));
  const env = { DOCKER_CONFIG: home, DOCKER_AUTH_CONFIG: auths('variable.example', 'v:w') };
  expect(await registryLogin('file.example/x', env)).toMatchObject({ username: 'f', password: 'with:colons' });
  expect(await registryLogin('variable.example/x', env)).toMatchObject({ username: 'v', password: 'w' });
  expect(await registryLogin('none.example/x', env)).toBeUndefined();
});

const inVariable = (config: unknown): Readonly<Record<string, string>> => ({
  HOME: '/nonexistent',
  DOCKER_AUTH_CONFIG: JSON.stringify(config),
});
const auth = Buffer.from('u:p').toString('base64');

test.each([
  'reg.example:5000',
  'http://reg.example:5000',
  'https://reg.example:5000',
  'https://reg.example:5000/',
  'https://reg.example:5000/v2/',
  'reg.example:5000/group',
])('the login for the key %s is found, as by the docker command', async (key) => {
  const login = { username: 'u', password: 'p', serveraddress: 'reg.example:5000' };
  expect(await registryLogin('reg.example:5000/group/node:1', inVariable({ auths: { [key]: { auth } } }))).toEqual(login);
  expect(await registryLogin('reg.example/group/node:1', inVariable({ auths: { [key]: { auth } } }))).toBeUndefined();
});

test('if a host has several logins, the one with the longest matching path is used', async () => {
  const entry = (username: string): object => ({ username, password: 'p' });
  const config = inVariable({
    auths: { 'r.example/b': entry('b'), 'r.example/a': entry('a'), 'https://r.example/a/deep': entry('deep'), other: entry('o') },
  });
  const user = async (reference: string): Promise<unknown> => (await registryLogin(reference, config))?.username;
  expect([await user('r.example/a/deep/x'), await user('r.example/a/deeper'), await user('r.example/c/x')]).toEqual([
    'deep',
    'a',
    'b',
  ]);
});

test('plain user and password, and tokens of a registry, are used', async () => {
  const plain = inVariable({ auths: { 'r.example': { username: 'u', password: 'p' } } });
  expect(await registryLogin('r.example/x', plain)).toEqual({ username: 'u', password: 'p', serveraddress: 'r.example' });
  const token = inVariable({ auths: { 'r.example': { auth, identitytoken: 't' } } });
  expect(await registryLogin('r.example/x', token)).toMatchObject({ username: 'u', identitytoken: 't' });
  const hub = inVariable({ auths: { 'https://index.docker.io/v1/': { auth } } });
  expect(await registryLogin('alpine:3', hub)).toEqual({
    username: 'u',
    password: 'p',
    serveraddress: 'https://index.docker.io/v1/',
  });
});

test.each([
  null,
  {},
  { auths: null },
  { auths: { 'r.example': null } },
  { auths: { 'r.example': {} } },
  { auths: {}, credsStore: '' },
])('%j has no login', async (config) => {
  expect(await registryLogin('r.example/x', inVariable(config))).toBeUndefined();
});

test.each([
  ['{', 'got text that is not JSON'],
  [
    '/builds/group/project.tmp/DOCKER_AUTH_CONFIG',
    'got the path of a file. If GitLab sets the variable, change its type from File',
  ],
  ['[]', 'got something else:\n  the whole text: '],
  ['{"auths":{"r.example":{"auth":5}}}', 'auths.r.example.auth: '],
  [
    '{"auths":{"r.example":{"auth":"s3cret!!"}}}',
    'auths["r.example"].auth: expected base64 of "user:password", got text that is not',
  ],
  [JSON.stringify({ auths: { 'r.example': { auth: Buffer.from('s3cret').toString('base64') } } }), 'without a user or a colon'],
])('what the docker command refuses is a usage error: %s', async (text, message) => {
  const error = await registryLogin('r.example/x', { HOME: '/nonexistent', DOCKER_AUTH_CONFIG: text }).catch(
    (one: unknown) => one,
  );
  expect(error).toMatchObject({ code: 'ALPY_USAGE' });
  expect((error as Error).message).toContain('the variable DOCKER_AUTH_CONFIG: ');
  expect((error as Error).message).toContain(message);
  expect((error as Error).message).not.toContain('s3cret');
});

describe('a credential helper', () => {
  let folder: string;
  const env = (config: object): Readonly<Record<string, string>> => ({ ...inVariable(config), PATH: `${folder}:/usr/bin:/bin` });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alpy-helper-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const program = `#!/bin/sh
read -r registry || true
case $1-$registry in
get-token.example) echo '{"ServerURL":"token.example","Username":"<token>","Secret":"t"}' ;;
get-broken.example) echo 'the vault is locked' >&2; exit 1 ;;
get-odd.example) echo hello ;;
get-none.example) echo 'credentials not found in native keychain'; exit 1 ;;
*) printf '{"ServerURL":"x","Username":"u","Secret":"for %s"}' "$registry" ;;
esac
`;
    await writeFile(join(folder, 'docker-credential-vault'), program, { mode: 0o755 });
  });

  test('for all registries, or for one, is called as by the docker command', async () => {
    const all = env({ auths: {}, credsStore: 'vault' });
    expect(await registryLogin('r.example/x', all)).toEqual({
      username: 'u',
      password: 'for r.example',
      serveraddress: 'r.example',
    });
    expect(await registryLogin('alpine', all)).toMatchObject({ password: 'for https://index.docker.io/v1/' });
    expect(await registryLogin('token.example/x', all)).toEqual({ identitytoken: 't', serveraddress: 'token.example' });
    expect(await registryLogin('none.example/x', all)).toBeUndefined();
    const one = env({ auths: { 'r.example': { auth }, 'o.example': { auth } }, credHelpers: { 'r.example': 'vault' } });
    expect(await registryLogin('r.example/x', one)).toMatchObject({ password: 'for r.example' });
    expect(await registryLogin('o.example/x', one)).toMatchObject({ password: 'p' });
  });

  test('that is missing, fails or returns something else is an error', async () => {
    await expect(registryLogin('r.example/x', env({ credsStore: 'desktop' }))).rejects.toMatchObject({
      code: 'ALPY_USAGE',
      message: expect.stringContaining('docker-credential-desktop, which is not in PATH') as string,
    });
    const all = env({ credsStore: 'vault' });
    await expect(registryLogin('broken.example/x', all)).rejects.toMatchObject({
      fault: 'environment',
      message: expect.stringContaining('the vault is locked') as string,
    });
    await expect(registryLogin('odd.example/x', all)).rejects.toThrow('expected JSON with Username and Secret for odd.example');
  });
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { daemonPlace, type DaemonPlace } from '../../../src/docker/place.ts';
import type { Variables } from '../../../src/core/variables.ts';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'alpy-home-'));
  return () => rm(home, { recursive: true });
});

async function write(path: string, content: string): Promise<string> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

/** As `docker context create` and `docker context use` write it. */
async function writeContext(name: string, endpoint: object, keys: Readonly<Record<string, string>> = {}): Promise<void> {
  const id = createHash('sha256').update(name).digest('hex');
  await write(
    `.docker/contexts/meta/${id}/meta.json`,
    JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker: endpoint } }),
  );
  for (const [file, content] of Object.entries(keys)) await write(`.docker/contexts/tls/${id}/docker/${file}`, content);
}

/** There is a usual socket, unless the test says otherwise. */
async function place(env: Variables, system?: string): Promise<DaemonPlace> {
  return daemonPlace(env, home, system ?? (await write('docker.sock', '')));
}

test('without settings, the daemon is at the default socket', async () => {
  await expect(place({})).resolves.toMatchObject({
    address: join(home, 'docker.sock'),
    reason: 'the default socket',
    mayBeLate: false,
  });
});

test('precedence: DOCKER_HOST, DOCKER_CONTEXT, currentContext; an empty variable counts as unset', async () => {
  await writeContext('lab', { Host: 'unix:///lab.sock' });
  await writeContext('other', { Host: 'unix:///other.sock' });
  const config = await write('.docker/config.json', JSON.stringify({ auths: {}, currentContext: 'lab' }));
  const found = async (env: Variables): Promise<readonly string[]> => {
    const { address, reason } = await place(env);
    return [address, reason];
  };
  expect(await found({ DOCKER_HOST: 'unix:///host.sock', DOCKER_CONTEXT: 'other' })).toEqual(['/host.sock', 'DOCKER_HOST']);
  expect(await found({ DOCKER_HOST: '', DOCKER_CONTEXT: 'other' })).toEqual(['/other.sock', 'DOCKER_CONTEXT=other']);
  expect(await found({ DOCKER_CONTEXT: '' })).toEqual(['/lab.sock', `currentContext "lab" of ${config}`]);
  expect(await found({ DOCKER_CONTEXT: 'default' })).toEqual([join(home, 'docker.sock'), 'the default socket']);
  expect(await found({ DOCKER_CONFIG: join(home, 'elsewhere') })).toEqual([join(home, 'docker.sock'), 'the default socket']);
});

test("a context's TLS keys are used", async () => {
  const keys = { 'ca.pem': 'CA', 'cert.pem': 'CERT', 'key.pem': 'KEY' };
  await writeContext('far', { Host: 'tcp://far.example.com:2376', SkipTLSVerify: false }, keys);
  const { options, address } = await place({ DOCKER_CONTEXT: 'far' });
  expect(address).toBe('tcp://far.example.com:2376');
  expect(options).toMatchObject({ host: 'far.example.com', port: '2376', protocol: 'https', socketPath: undefined });
  expect([options.ca, options.cert, options.key].map(String)).toEqual(['CA', 'CERT', 'KEY']);
  expect(options).not.toHaveProperty('agent');
});

test('SkipTLSVerify of a context turns verification off', async () => {
  await writeContext('far', { Host: 'tcp://far:1', SkipTLSVerify: true }, { 'ca.pem': 'CA' });
  const { options } = await place({ DOCKER_CONTEXT: 'far' });
  expect(options).toMatchObject({ agent: { options: { rejectUnauthorized: false } } });
});

test('a context that does not exist is an error that names it', async () => {
  await expect(place({ DOCKER_CONTEXT: 'nope' })).rejects.toMatchObject({
    code: 'ALPY_DAEMON',
    message: expect.stringMatching(
      /^the Docker context "nope" \(DOCKER_CONTEXT=nope\) does not exist: expected .*meta\.json/,
    ) as string,
  });
  await write('.docker/config.json', '{');
  await expect(place({})).rejects.toThrow(/^cannot read .*config\.json to find the Docker daemon/);
});

test.each([
  [{ DOCKER_HOST: 'tcp://docker:2375' }, { host: 'docker', port: '2375', protocol: 'http' }],
  [{ DOCKER_HOST: 'tcp://docker' }, { host: 'docker', port: '2375', protocol: 'http' }],
  [{ DOCKER_HOST: '10.0.0.1:4243' }, { host: '10.0.0.1', port: '4243', protocol: 'http' }],
  [{ DOCKER_HOST: ' tcp://[::1]:4243 ' }, { host: '[::1]', port: '4243', protocol: 'http' }],
  [{ DOCKER_HOST: 'tcp://' }, { host: 'localhost', port: '2375', protocol: 'http' }],
  [
    { DOCKER_HOST: 'tcp://docker', DOCKER_TLS_VERIFY: '1' },
    { host: 'docker', port: '2376', protocol: 'https' },
  ],
  [
    { DOCKER_HOST: 'ssh://me@far:2222', SSH_AUTH_SOCK: '/agent' },
    { host: 'far', port: '2222', protocol: 'ssh', username: 'me' },
  ],
  [
    { DOCKER_HOST: 'unix:///a/b.sock', DOCKER_TLS_VERIFY: '1' },
    { socketPath: '/a/b.sock', protocol: 'http', host: undefined },
  ],
])('%o', async (env, options) => {
  expect((await place(env)).options).toMatchObject(options);
});

test('DOCKER_TLS_VERIFY reads the keys of DOCKER_CERT_PATH; each may be absent', async () => {
  await write('certs/ca.pem', 'CA');
  const env = { DOCKER_HOST: 'tcp://docker:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(home, 'certs') };
  const { options } = await place(env);
  expect([options.ca, options.cert].map(String)).toEqual(['CA', 'undefined']);
});

test.each(['gopher://a', 'tcp://a b', 'tcp://a:99999'])('DOCKER_HOST=%s is refused', async (host) => {
  await expect(place({ DOCKER_HOST: host })).rejects.toMatchObject({
    code: 'ALPY_DAEMON',
    message: expect.stringMatching(/^DOCKER_HOST: expected /) as string,
  });
});

test("where there is no usual socket, it is the rootless daemon's, then Docker Desktop's", async () => {
  const none = join(home, 'none.sock');
  const desktop = await write('.docker/run/docker.sock', '');
  await expect(place({}, none)).resolves.toMatchObject({
    address: desktop,
    reason: `Docker Desktop's socket, because ${none} does not exist`,
  });
  const rootless = await write('run/docker.sock', '');
  await expect(place({ XDG_RUNTIME_DIR: join(home, 'run') }, none)).resolves.toMatchObject({
    address: rootless,
    reason: `the rootless daemon's socket, because ${none} does not exist`,
  });
  await expect(place({ XDG_RUNTIME_DIR: '/nowhere' })).resolves.toMatchObject({ reason: 'the default socket' });
});

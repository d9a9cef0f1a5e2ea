// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { parseEnv } from 'node:util';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { fetchAppliance, storeAppliance } from '../../../src/gitlab/index.ts';
import { FakeGitLab, jobToken, status } from './fake-gitlab.ts';

let directory: string;
let image: string;
let variablesFile: string;
const content = Buffer.alloc(2_000_000, 'disk');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-appliance-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  image = join(directory, 'rabbit.qcow2');
  variablesFile = join(directory, 'appliance.env');
  await writeFile(image, content);
});

test('a small image stays an artifact', async () => {
  await using gitlab = await FakeGitLab.start();
  const access = { context: gitlab.context(), token: jobToken };
  expect(await storeAppliance(access, image, { limitBytes: 2_000_000, variablesFile })).toBeUndefined();
  expect(gitlab.received).toEqual([]);
  expect(existsSync(image)).toBe(true);
  const env = parseEnv(await readFile(variablesFile, 'utf8'));
  expect(await fetchAppliance(access, image, env)).toBe(false);
});

test('a large image goes through the package registry unchanged', async () => {
  await using gitlab = await FakeGitLab.start();
  const access = { context: gitlab.context(), token: jobToken };
  const url = await storeAppliance(access, image, { limitBytes: 1_999_999, variablesFile });
  expect(url).toBe(`${gitlab.apiUrl}/projects/1/packages/generic/alpy-appliance/50/rabbit.qcow2`);
  expect(existsSync(image)).toBe(false); // else it would become an artifact, too
  const env = parseEnv(await readFile(variablesFile, 'utf8'));
  const there = join(directory, 'below', 'rabbit.qcow2');
  expect(await fetchAppliance(access, there, env)).toBe(true);
  expect((await readFile(there)).equals(content)).toBe(true);
  expect(gitlab.received.every(({ headers }) => headers['job-token'] === jobToken.value)).toBe(true);
});

test('a download with a wrong checksum is removed', async () => {
  await using gitlab = await FakeGitLab.start();
  const access = { context: gitlab.context(), token: jobToken };
  await storeAppliance(access, image, { limitBytes: 0, variablesFile });
  const env = parseEnv(await readFile(variablesFile, 'utf8'));
  gitlab.packages.set([...gitlab.packages.keys()][0] ?? '', Buffer.from('torn'));
  await expect(fetchAppliance(access, image, env)).rejects.toThrow('expected the SHA-256');
  expect([existsSync(image), existsSync(`${image}.part`)]).toEqual([false, false]);
  gitlab.faults.push(status(404));
  await expect(fetchAppliance(access, image, env)).rejects.toMatchObject({ code: 'ALPY_GITLAB', kind: 'not-found' });
});

test('an answer without end is not read', { timeout: 60_000 }, async () => {
  await using gitlab = await FakeGitLab.start();
  const access = { context: gitlab.context(), token: jobToken };
  const env = { ALPY_APPLIANCE_URL: `${gitlab.apiUrl}/projects/1/packages/generic/a/1/b`, ALPY_APPLIANCE_SHA256: 'x' };
  gitlab.faults.push((response) => {
    response.writeHead(503);
    Readable.from(endless()).pipe(response);
  });
  await expect(fetchAppliance(access, image, env)).rejects.toMatchObject({ code: 'ALPY_GITLAB', kind: 'unavailable' });
});

function* endless(): Iterable<Buffer> {
  for (;;) yield content;
}

test('outside of a job only a small image can be stored', async () => {
  expect(await storeAppliance(undefined, image, { limitBytes: 2_000_000, variablesFile })).toBeUndefined();
  await expect(storeAppliance(undefined, image, { limitBytes: 0, variablesFile })).rejects.toThrow(
    'the package registry needs a GitLab job',
  );
});

test('the token is sent to no other server', async () => {
  await using gitlab = await FakeGitLab.start();
  await using other = await FakeGitLab.start();
  const access = { context: gitlab.context(), token: jobToken };
  const env = { ALPY_APPLIANCE_URL: `${other.apiUrl}/projects/1/packages/generic/a/1/b`, ALPY_APPLIANCE_SHA256: 'x' };
  await expect(fetchAppliance(access, image, env)).rejects.toThrow('ALPY_APPLIANCE_URL: expected an address below');
  gitlab.faults.push(status(302, '', { location: env.ALPY_APPLIANCE_URL }));
  const own = { ...env, ALPY_APPLIANCE_URL: `${gitlab.apiUrl}/projects/1/packages/generic/a/1/b` };
  await expect(fetchAppliance(access, image, own)).rejects.toMatchObject({ code: 'ALPY_GITLAB', kind: 'forbidden' });
  expect(other.received.map(({ headers }) => headers['job-token'])).toEqual([undefined]);
});

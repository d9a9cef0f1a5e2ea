// SPDX-License-Identifier: GPL-3.0-or-later
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packContext } from '../../src/images/context.ts';
import { makeDebianBase } from '../../src/images/debian-base.ts';
import {
  buildImages,
  findImage,
  formatImages,
  hashLabel,
  ImageBuildError,
  listImages,
  loadManifest,
  provideImages,
  resolveImages,
} from '../../src/images/index.ts';

const docker = new Docker();
const registry = `alpy-test-${randomUUID().slice(0, 8)}`;
const baseReference = `${registry}/base:latest`;
const env = { ALPY_REGISTRY: registry, BASE_IMAGE: baseReference, PATH: process.env['PATH'] };
let folder: string;

const listSource = `
registry: alpy
tag: latest
base: { image: "debian:trixie-slim", suite: trixie, mirror: "http://deb.debian.org/debian" }
images:
  good: { folder: good, purpose: builds }
  bad: { folder: bad, purpose: does not }
`;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'alpy-images-'));
  for (const [name, dockerfile] of [
    ['good', 'COPY hello /hello\n'],
    ['bad', 'COPY hello /hello\nRUN ["/no-such-program"]\n'],
  ] as const) {
    await mkdir(path.join(folder, name));
    await writeFile(path.join(folder, name, 'Dockerfile'), `ARG BASE_IMAGE\nFROM \${BASE_IMAGE}\n${dockerfile}`);
    await writeFile(path.join(folder, name, 'hello'), 'hello\n');
  }
  await writeFile(path.join(folder, 'images.yaml'), listSource);
  // a base image of one file, so that the test needs neither a registry nor a mirror
  const tar = packContext([{ name: 'marker', mode: 0o644, content: Buffer.from(registry) }]);
  const stream = await docker.importImage(tar, { repo: `${registry}/base`, tag: 'latest' });
  await text(stream);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
  // Everything built on this run's base belongs to this run, even without a name: layers of failed builds, superseded images.
  const all = await docker.listImages({ all: true });
  const { Id } = await docker.getImage(baseReference).inspect();
  const mine = [Id];
  for (const id of mine) mine.push(...all.filter(({ ParentId }) => ParentId === id).map((child) => child.Id));
  for (const id of mine.reverse()) await docker.getImage(id).remove({ force: true, noprune: true });
  expect((await docker.listImages({ all: true })).filter((image) => mine.includes(image.Id))).toEqual([]);
});

const list = () => loadManifest(path.join(folder, 'images.yaml'));
const images = () => resolveImages(env, {}, list());
const good = () => images().slice(0, 1);

test('an image is built once, labelled, and rebuilt only if its files change', async () => {
  const lines: string[] = [];
  const build = async (): Promise<unknown> => {
    const { results } = await buildImages(good(), {
      docker,
      env,
      manifest: list(),
      onLine: (image, line) => lines.push(`${image}: ${line}`),
    });
    return results.map(({ image, action }) => [image.reference, action]);
  };
  await writeFile(path.join(folder, 'good', 'hello'), 'hello before\n'); // which no other test builds
  expect(await build()).toEqual([[`${registry}/good:latest`, 'built']]);
  expect(lines[0]).toBe('good: Step 1/4 : ARG BASE_IMAGE');

  const [first] = good();
  if (!first) throw new Error('no image');
  const { hash } = await findImage(docker, first);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(await build()).toEqual([[`${registry}/good:latest`, 'present']]);

  await writeFile(path.join(folder, 'good', 'hello'), 'hello again\n');
  expect(await build()).toEqual([[`${registry}/good:latest`, 'built']]);
  const after = await findImage(docker, first);
  expect(after.hash).not.toBe(hash);
  const { Config } = await docker.getImage(after.id).inspect();
  expect(Config.Labels).toEqual({ [hashLabel]: after.hash });
});

test('a build that fails says which image, which step and what to try', async () => {
  const error: unknown = await buildImages(images().slice(1), { docker, env, manifest: list() }).catch(
    (reason: unknown) => reason,
  );
  if (!(error instanceof ImageBuildError)) throw error;
  expect(error.failure.step).toMatch(/^4\/5 : RUN \["\/no-such-program"\]/);
  expect(error.failure.reason).toContain('no-such-program');
  expect(error.failure).toMatchObject({
    image: 'bad',
    reference: `${registry}/bad:latest`,
    next: `docker build --network=host --build-arg BASE_IMAGE=${baseReference} ${path.join(folder, 'bad')}`,
  });
});

test('the list shows which images are present and which are missing', async () => {
  await buildImages(good(), { docker, env, manifest: list() });
  const rows = await listImages(docker, images());
  expect(rows.map(({ name, present }) => [name, present !== undefined])).toEqual([
    ['good', true],
    ['bad', false],
  ]);
  expect(formatImages(rows, Date.now())).toMatch(
    /^good .* variable ALPY_REGISTRY {2}[0-9a-f]{12}, \d+ min old, 0 MB\nbad .* missing$/m,
  );
});

test('an image at another location is pulled, never built', async () => {
  const elsewhere = { ...env, ALPY_REGISTRY: 'localhost:9/nothing' }; // the discard port: refused at once
  const error: unknown = await provideImages(resolveImages(elsewhere, {}, list()), { docker, env, manifest: list() }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({
    code: 'ALPY_IMAGE_MISSING',
    reference: 'localhost:9/nothing/good:latest',
    message: expect.stringContaining('variable ALPY_REGISTRY') as string,
    cause: { code: 'ALPY_IMAGE_PULL', message: expect.stringContaining('refused') as string },
  });
});

test('without mmdebstrap, nothing is left in the daemon', async () => {
  const hash = `none-${registry}`; // other images may come and go meanwhile
  const base = { reference: `${registry}/made:latest`, suite: 'trixie', mirror: 'http://deb.debian.org/debian', hash };
  await expect(makeDebianBase(docker, base, { PATH: folder })).rejects.toMatchObject({
    code: 'ALPY_IMAGE_BUILD',
    failure: { next: expect.stringContaining('apt-get install mmdebstrap') as string },
  });
  expect(await docker.listImages({ all: true, filters: { label: [`${hashLabel}=${hash}`] } })).toEqual([]);
});

test('a build can be stopped', async () => {
  const reason = new Error('enough');
  const work = { docker, env, manifest: list(), signal: AbortSignal.abort(reason) };
  await expect(buildImages(images().slice(1), work)).rejects.toBe(reason);
});

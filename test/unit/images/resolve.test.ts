// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/core/errors.ts';
import { imageNamed, loadManifest, resolveImages, type ImagesConfig, type Manifest } from '../../../src/images/index.ts';
import type { Variables } from '../../../src/core/variables.ts';

const manifest: Manifest = {
  file: '/nowhere/images.yaml',
  registry: 'alpy',
  tag: 'latest',
  base: { image: 'debian:trixie-slim', suite: 'trixie', mirror: 'http://mirror.example' },
  images: { qemu: { folder: 'qemu', purpose: 'one', program: false, optional: false } },
};

interface Case {
  readonly title: string;
  readonly env?: Variables;
  readonly config?: ImagesConfig;
  readonly reference: string;
  readonly origin: string;
}

describe('the location of an image', () => {
  const cases: readonly Case[] = [
    { title: 'nothing set', reference: 'alpy/qemu:latest', origin: 'default' },
    {
      title: 'registry by config',
      config: { registry: 'reg.example/a' },
      reference: 'reg.example/a/qemu:latest',
      origin: 'config images.registry',
    },
    {
      title: 'registry by variable and config',
      env: { ALPY_REGISTRY: 'reg.example:5000/b/' },
      config: { registry: 'reg.example/a' },
      reference: 'reg.example:5000/b/qemu:latest',
      origin: 'variable ALPY_REGISTRY',
    },
    {
      title: 'registry by variable, tag by config',
      env: { ALPY_REGISTRY: 'b' },
      config: { tag: 'v2' },
      reference: 'b/qemu:v2',
      origin: 'variable ALPY_REGISTRY, config images.tag',
    },
    {
      title: 'tag by variable and config',
      env: { ALPY_IMAGE_TAG: 'v3' },
      config: { tag: 'v2' },
      reference: 'alpy/qemu:v3',
      origin: 'variable ALPY_IMAGE_TAG',
    },
    { title: 'one by config', config: { qemu: 'mine:1' }, reference: 'mine:1', origin: 'config images.qemu' },
    {
      title: 'one by config, all by variable: the one is meant',
      env: { ALPY_REGISTRY: 'b', ALPY_IMAGE_TAG: 'v3' },
      config: { qemu: 'mine:1' },
      reference: 'mine:1',
      origin: 'config images.qemu',
    },
    {
      title: 'one by variable and config',
      env: { ALPY_IMAGE_QEMU: 'his:2' },
      config: { qemu: 'mine:1' },
      reference: 'his:2',
      origin: 'variable ALPY_IMAGE_QEMU',
    },
    {
      title: 'empty and blank variables',
      env: { ALPY_REGISTRY: '', ALPY_IMAGE_TAG: ' ', ALPY_IMAGE_QEMU: '' },
      reference: 'alpy/qemu:latest',
      origin: 'default',
    },
  ];
  test.for(cases)('$title: $reference', ({ env = {}, config = {}, reference, origin }) => {
    expect(resolveImages(env, config, manifest)).toEqual([{ name: 'qemu', reference, origin, buildable: true }]);
  });
});

test('an image that only the configuration names has a variable too, but cannot be built', () => {
  const found = resolveImages({ ALPY_IMAGE_FAKE_WAN: 'wan:2' }, { 'fake-wan': 'wan:1' }, manifest);
  expect(found[1]).toEqual({ name: 'fake-wan', reference: 'wan:2', origin: 'variable ALPY_IMAGE_FAKE_WAN', buildable: false });
});

test('all invalid locations are reported together, with what set them', () => {
  const resolve = (): unknown =>
    resolveImages({ ALPY_IMAGE_QEMU: 'https://reg.example/qemu' }, { probe: 'UPPER case' }, manifest);
  expect(resolve).toThrow(UsageError);
  expect(resolve).toThrow(
    [
      'expected locations of container images, such as registry.example.com/group/name:tag, got:',
      '  qemu: "https://reg.example/qemu", from variable ALPY_IMAGE_QEMU',
      '  probe: "UPPER case", from config images.probe',
    ].join('\n'),
  );
});

test.for([
  'alpy/qemu',
  'qemu',
  'localhost:5000/qemu:1.0',
  'Registry.example.com/group/sub_group/a-b.c__d:V1',
  `alpy/qemu@sha256:${'a'.repeat(64)}`,
  `sha256:${'0'.repeat(64)}`,
])('%s is a valid location', (reference) => {
  expect(resolveImages({ ALPY_IMAGE_QEMU: reference }, {}, manifest)[0]?.reference).toBe(reference);
});

test("the images of the package's own list are at alpy/…", () => {
  const own = resolveImages({});
  const names = Object.keys(loadManifest().images);
  expect(own.map(({ reference }) => reference)).toEqual(names.map((name) => `alpy/${name}:latest`));
  expect(imageNamed(own, 'node').reference).toBe('alpy/node:latest');
  expect(() => imageNamed(own, 'nod')).toThrow(`expected the name of an image (${names.join(', ')}), got nod`);
});

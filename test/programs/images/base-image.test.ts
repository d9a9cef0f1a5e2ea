// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { debianBase } from '../../../src/images/base-image.ts';
import { mmdebstrapArgs } from '../../../src/images/debian-base.ts';
import { buildVariables } from '../../../src/images/proxy.ts';

const entry = { image: 'debian:trixie-slim', suite: 'trixie', mirror: 'http://mirror.example/debian' };

test('mmdebstrap is asked for a minimal Debian as a tar file on standard output', () => {
  expect(mmdebstrapArgs(debianBase(entry, {}).base)).toEqual([
    '--mode=auto',
    '--variant=minbase',
    '--format=tar',
    '--include=ca-certificates',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-exclude=/usr/share/info/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    'trixie',
    '-',
    'http://mirror.example/debian',
  ]);
});

test('a variable for suite or mirror makes the base from packages', () => {
  const plain = debianBase(entry, { ALPY_DEBIAN_SUITE: '' });
  const other = debianBase(entry, { ALPY_DEBIAN_SUITE: 'forky', ALPY_DEBIAN_MIRROR: 'https://near.example/debian' });
  expect(plain).toMatchObject({ asked: false, base: { reference: 'alpy/base:trixie', suite: 'trixie', mirror: entry.mirror } });
  expect(other).toMatchObject({
    asked: true,
    base: { reference: 'alpy/base:forky', suite: 'forky', mirror: 'https://near.example/debian' },
  });
  expect(other.base.hash).not.toBe(plain.base.hash);
});

test('builds get proxies from the environment, and no other variables', async () => {
  const env = { http_proxy: 'http://p.example:3128', NO_PROXY: 'localhost', https_proxy: '', HOME: '/root' };
  expect(await buildVariables(env)).toEqual({ http_proxy: 'http://p.example:3128', NO_PROXY: 'localhost' });
});

test('without apt, there is no proxy of apt', async () => {
  expect(await buildVariables({ PATH: '/nowhere' })).toEqual({});
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { claimTestDirectory, testDirectoryName } from '../../../src/report/test-directory.ts';
import { uniqueNames } from '../../../src/report/unique-names.ts';

test('repeated names are numbered, and no number makes two names equal', () => {
  expect(uniqueNames(['a', 'a', 'b', 'a (2)', 'a', 'a (2)'])).toEqual(['a', 'a (3)', 'b', 'a (2)', 'a (4)', 'a (2) (2)']);
});

test.for<[string, string, string]>([
  ['tests/forward/forward.test.ts', 'forwards IPv4', 'forward-forwards-ipv4'],
  ['a.spec.mts', 'größe > 50 %: "../x" [y|z]', 'a-große-50-x-y-z'.replace('ß', '-')],
  ['plain.ts', '路由', 'plain'],
  ['路由.test.ts', '路由', 'test'],
  ['a.test.ts', 'x '.repeat(60), `a${'-x'.repeat(39)}`],
  ['a.test.ts', 'y'.repeat(77) + ' z', `a-${'y'.repeat(77)}`],
])('%s, %s: the directory is %s', ([file, fullName, name]) => {
  expect(testDirectoryName({ file, fullName })).toBe(name);
});

test('tests with the same title in a file, in two files, or shortened to the same name get different directories', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const long = 'y'.repeat(100);
  const tests = ['x/a.test.ts', 'x/a.test.ts', 'y/a.test.ts'].map((file) => ({ file, fullName: 'b' }));
  const cut = ['1', '2'].map((end) => ({ file: 'a.test.ts', fullName: long + end }));
  const all = [...tests, { file: 'a.test.ts', fullName: 'b 2' }, ...cut];
  expect(all.map((one) => claimTestDirectory(made.path, one))).toEqual([
    'a-b',
    'a-b-2',
    'a-b-3',
    'a-b-2-2',
    `a-${'y'.repeat(78)}`,
    `a-${'y'.repeat(76)}-2`,
  ]);
});

test('claimTestDirectory never returns the same directory twice', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const parent = join(made.path, 'tests');
  const claim = (fullName: string): string => claimTestDirectory(parent, { file: 'a.test.ts', fullName });
  expect(['b', 'b', 'c', 'b'].map(claim)).toEqual(['a-b', 'a-b-2', 'a-c', 'a-b-3']);
  expect((await readdir(parent)).sort()).toEqual(['a-b', 'a-b-2', 'a-b-3', 'a-c']);
});

test('a directory that cannot be created is an environment error', () => {
  const message = 'cannot create a directory for the test "b" in /dev/null/x: ENOTDIR: not a directory, mkdir \'/dev/null/x\'';
  expect(() => claimTestDirectory('/dev/null/x', { file: 'a.test.ts', fullName: 'b' })).toThrow(
    expect.objectContaining({ message, fault: 'environment' }),
  );
});

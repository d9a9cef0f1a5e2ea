// SPDX-License-Identifier: GPL-3.0-or-later
// A run is never green if a test that was to run has no result. These tests need no testbed.
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunReport } from '../../src/report/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';

let project: Project;
const imports = "import { afterAll, beforeAll, describe, expect, test } from 'alpy/test';";

beforeAll(async () => {
  project = await Project.create({
    'alpy.yaml': 'appliance: { image: blank.raw }\nworkers: 1\n',
    'tests/a.test.ts': '',
    'tests/b.test.ts': `${imports} test('other', () => {});`,
  });
  await writeBlankDisk(project.path('blank.raw'));
});

afterAll(() => project[Symbol.asyncDispose]());

test.each([
  ['the process ends with 0 in a test', "test('a', () => { process.reallyExit(0); }); test('b', () => {});", 1],
  ['the process ends with 0 while its file is loaded', "process.reallyExit(0); test('a', () => {});", 1],
  ['the process ends with 0 after the tests', "test('a', () => {}); afterAll(() => { process.reallyExit(0); });", 1],
  ['a test calls process.exit(0)', "test('a', () => { process.exit(0); });", 1],
  ['a test file calls process.exit(0)', "process.exit(0); test('a', () => {});", 1],
  ['a failed test sets process.exitCode', "process.exitCode = 0; test('a', () => { expect(1).toBe(2); });", 1],
  ['the process closes its channel', "test('a', async () => { process.disconnect(); await new Promise(() => {}); });", 1],
  ['beforeAll throws', "beforeAll(() => { throw new Error('x'); }); test('a', () => {});", 1],
  [
    'beforeAll of a group throws',
    "describe('g', () => { beforeAll(() => { throw new Error('x'); }); test('a', () => {}); });",
    1,
  ],
  ['afterAll throws', "afterAll(() => { throw new Error('x'); }); test('a', () => {});", 1],
  ['an import is missing', "import './missing.ts'; test('a', () => {});", 1],
  ['a file has no test', '', 1],
  ['a group throws while its tests are collected', "describe('g', () => { throw new Error('x'); }); test('a', () => {});", 1],
])('%s: the run fails, and the tests of the other file count', async (_, source, expected) => {
  await writeFile(project.path('tests/a.test.ts'), `${imports} ${source}`);
  const { status } = await project.run(['run']);
  expect(status).toBe(expected);
  const report = JSON.parse(await readFile(project.path('alpy-out/run.json'), 'utf8')) as RunReport;
  expect(report.exitStatus).toBe(expected);
  expect(report.tests.filter(({ file, status }) => file === 'tests/b.test.ts' && status === 'passed')).toHaveLength(1);
});

test('`only` is an error in CI, because the other tests would have no result', async () => {
  await writeFile(project.path('tests/a.test.ts'), `${imports} test.only('a', () => {}); test('b', () => {});`);
  const { status } = await project.run(['run'], { CI: 'true' });
  expect(status).toBe(1);
});

test('a file whose tests are all filtered out is no error', async () => {
  await writeFile(project.path('tests/a.test.ts'), `${imports} test('a', () => {}); test.skip('b', () => {});`);
  expect((await project.run(['run', '-t', 'other'])).status).toBe(0);
});

// SPDX-License-Identifier: GPL-3.0-or-later
// Only errors of the environment are retried. These tests need no testbed.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunReport, TestReport } from '../../src/report/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';

let project: Project;

const tests = `
import { expect, test } from 'alpy/test';
const broken = (message) => Object.assign(new Error(message), { fault: 'environment', code: 'ALPY_ENVIRONMENT' });
let [once, twice, then] = [0, 0, 0];
test('broken once', () => { if (once++ === 0) throw broken('no disk'); });
test('broken twice', () => { if (twice++ < 2) throw broken('no disk'); });
test('broken, then the device fails', () => { if (then++ === 0) throw broken('no disk'); expect(1).toBe(2); });
test('the device fails', () => { expect(1).toBe(2); });
test('the test is wrong', () => { undefined.x(); });
`;

beforeAll(async () => {
  project = await Project.create({ 'alpy.yaml': 'appliance: { image: blank.raw }\nworkers: 1\n', 'tests/a.test.ts': tests });
  await writeBlankDisk(project.path('blank.raw'));
});

afterAll(() => project[Symbol.asyncDispose]());

async function run(
  ...args: readonly string[]
): Promise<{ readonly status: number | null; readonly report: RunReport; stdout: string }> {
  const { status, stdout } = await project.run(['run', ...args]);
  const report = JSON.parse(await readFile(project.path('alpy-out/run.json'), 'utf8')) as RunReport;
  return { status, report, stdout };
}

const shown = ({ name, status, failureClass, attempts = 1 }: TestReport): unknown[] => [name, status, failureClass, attempts];

test('--retry-environment 1: one more attempt, and only after an error of the environment', async () => {
  const { status, report, stdout } = await run('--retry-environment', '1');
  expect(report.tests.map(shown)).toEqual([
    ['broken once', 'flaky', 'environment', 2],
    ['broken twice', 'error', 'environment', 2],
    ['broken, then the device fails', 'failed', 'product', 2],
    ['the device fails', 'failed', 'product', 1],
    ['the test is wrong', 'error', 'test', 1],
  ]);
  expect(status).toBe(1);
  expect(stdout).toContain('Passed at attempt 2 after an environment error: no disk');
});

test('--retry-environment beside --retries: a test that passes in the end is flaky, and the status is 0', async () => {
  const { status, report } = await run('--retry-environment', '1', '--retries', '1', '-t', 'broken (once|twice)');
  expect(report.tests.filter((one) => one.status !== 'skipped').map(shown)).toEqual([
    ['broken once', 'flaky', 'environment', 2],
    ['broken twice', 'flaky', 'environment', 3],
  ]);
  expect(status).toBe(0);
});

test('without the option, nothing is retried, and an error of the environment is status 3', async () => {
  const { status, report } = await run('-t', 'broken once');
  expect(report.tests.map(shown)).toEqual([['broken once', 'error', 'environment', 1]]);
  expect(status).toBe(3);
});

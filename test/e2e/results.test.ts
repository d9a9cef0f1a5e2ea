// SPDX-License-Identifier: GPL-3.0-or-later
// Expected failures, skips, soft assertions and retries with alpy's matchers and tear-down. No test needs a guest.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunReport, TestReport } from '../../src/report/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';

const body = `import { expect, test } from 'alpy/test';

const quick = { timeoutMs: 1000 };

test.fails('expects an answer that does not come', async ({ nodes: [node] }) => {
  await node.configure({ address: '192.168.1.2/24' });
  await expect(node).toReach('192.168.1.9', quick);
});
test.fails('expects a failure that does not come', async ({ nodes: [node] }) => {
  await node.run('true');
});
test.fails('expects a failure, but is wrong itself', async ({ links: [link] }) => {
  await expect(link).toReach('192.168.1.9', quick);
});
test.fails('expects a failure, but forgets an await', async ({ nodes: [node] }) => {
  node.run('sleep 60');
});
test('asserts softly', async ({ nodes: [node], step }) => {
  await node.configure({ address: '192.168.1.2/24' });
  await expect.soft(node).toReach('192.168.1.8', quick);
  await step('Ask another', () => expect.soft(node).toReach('192.168.1.9', quick));
  await expect.soft(node.run('echo 1')).resolves.toMatchObject({ stdout: '2\\n' });
  await expect.soft(node).toReach('192.168.1.2');
});
test('skips itself', async ({ nodes: [node], skip }) => {
  await node.run('true');
  skip('there is no second path');
});
test('skips itself, but forgets an await', async ({ nodes: [node], skip }) => {
  node.run('sleep 60');
  skip('there is no second path');
});
test.skip('is skipped', ({ nodes }) => {});
test.skipIf(true)('is skipped here', ({ nodes }) => {});
test.todo('is missing');
test('passes at the second attempt', { retry: 1 }, async ({ nodes: [node], task }) => {
  if (task.result.retryCount === 0) await node.run('exit 3');
});
test('skips itself after it has failed', { retry: 1 }, async ({ nodes: [node], skip, task }) => {
  if (task.result.retryCount > 0) skip('enough');
  await node.run('exit 3');
});
`;

let project: Project;
let last: string | undefined;
let tests: readonly TestReport[];

beforeAll(async () => {
  project = await Project.create({
    'alpy.yaml': 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 1 }\n',
    'tests/a.test.ts': body,
  });
  await writeBlankDisk(project.path('blank.raw'));
  const { stdout, stderr } = await project.run(['run', '--quiet']);
  last = stdout.trimEnd().split('\n').at(-1);
  expect(last, stderr).toMatch(/passed/);
  ({ tests } = JSON.parse(await readFile(project.path('alpy-out/run.json'), 'utf8')) as RunReport);
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

function named(name: string): TestReport | undefined {
  return tests.find((one) => one.name === name);
}

test('each test is counted once', () => {
  expect(last).toBe('1 passed, 6 failed, 4 skipped, 1 flaky');
});

describe('an expected failure', () => {
  test('of an alpy matcher passes', () => {
    expect(named('expects an answer that does not come')).toMatchObject({ status: 'passed', errors: [] });
  });

  test('that does not come is an error', () => {
    expect(named('expects a failure that does not come')?.status).toBe('error');
  });

  test.each([
    ['expects a failure, but is wrong itself', 'ALPY_USAGE'],
    ['expects a failure, but forgets an await', 'ALPY_PENDING_CALL'],
  ])('does not hide a mistake: %s', (name, code) => {
    expect(named(name)).toMatchObject({ status: 'error', errors: [{ code, fault: 'usage' }] });
  });
});

test('soft assertions let the test go on, and all are reported', () => {
  const { status, errors, steps } = named('asserts softly') ?? {};
  expect({ status, faults: errors?.map(({ fault }) => fault) }).toEqual({
    status: 'failed',
    faults: ['device', 'device', 'device'],
  });
  expect(steps?.some(({ title }) => title === 'Ask another')).toBe(true);
});

describe('a skipped test', () => {
  test('says why', () => {
    expect(named('skips itself')).toMatchObject({ status: 'skipped', skipReason: 'there is no second path', errors: [] });
    for (const name of ['is skipped', 'is skipped here', 'is missing']) expect(named(name)?.status).toBe('skipped');
  });

  test('does not hide a mistake', () => {
    expect(named('skips itself, but forgets an await')).toMatchObject({
      status: 'error',
      errors: [{ code: 'ALPY_PENDING_CALL' }],
    });
  });
});

describe('a test with a retry', () => {
  test('that passes is flaky, keeps the error of the first attempt, and has a folder for each', () => {
    const { status, attempts, errors, artifacts, directory, line } = named('passes at the second attempt') ?? {};
    expect({ status, attempts, codes: errors?.map(({ code }) => code) }).toEqual({
      status: 'flaky',
      attempts: 2,
      codes: ['ALPY_EXEC'],
    });
    expect(artifacts).toContain(`${String(directory)}/retry1/debug.log`);
    expect(line).toBe(body.split('\n').findIndex((one) => one.includes('passes at the second')) + 1);
  });

  test('that skips itself has failed nevertheless', () => {
    expect(named('skips itself after it has failed')).toMatchObject({ status: 'failed', errors: [{ code: 'ALPY_EXEC' }] });
  });
});

// SPDX-License-Identifier: GPL-3.0-or-later
// What `alpy run` makes of tests that go wrong, from the worker to all reports. None needs a guest that speaks.
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunReport, TestReport } from '../../src/report/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';

const silentYaml = 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 1 }\n';

const forgotten = `import { expect, test } from 'alpy/test';

test('forgets to await a matcher', async ({ nodes: [node] }) => {
  await node.configure({ address: '192.168.1.2/24' });
  expect(node).toReach('192.168.1.9');
});

test('forgets to await one that fails in time', async ({ nodes: [node] }) => {
  await node.configure({ address: '192.168.1.2/24' });
  expect(node).toReach('192.168.1.9', { timeoutMs: 1000 });
  await node.run('sleep 5');
});

test('forgets a call in a step', async ({ apps, nodes: [node], step }) => {
  await step('Start', async () => {
    apps.run({ node, command: ['sleep', '60'] });
  });
});

test('awaits later what it begins now', async ({ nodes: [node] }) => {
  const failing = node.run('exit 3');
  const pinging = node.ping('127.0.0.1');
  await node.run('sleep 1');
  await expect(failing).rejects.toThrow('exit status 3');
  await pinging;
});

test('fails while another call is pending', async ({ nodes: [node] }) => {
  await Promise.all([node.run('sleep 30'), node.run('exit 3')]);
});
`;

async function reportOf(project: Project): Promise<RunReport> {
  return JSON.parse(await readFile(project.path('alpy-out/run.json'), 'utf8')) as RunReport;
}

function named(report: RunReport, name: string): TestReport {
  const found = report.tests.find((one) => one.name === name);
  if (!found) throw new Error(`there is no test ${name} in ${report.tests.map((one) => one.name).join()}`);
  return found;
}

async function silentProject(files: Readonly<Record<string, string>>): Promise<Project> {
  const project = await Project.create({ 'alpy.yaml': silentYaml, ...files });
  await writeBlankDisk(project.path('blank.raw'));
  return project;
}

describe('a call that is not awaited', () => {
  let project: Project;
  let report: RunReport;

  beforeAll(async () => {
    project = await silentProject({ 'tests/forgotten.test.ts': forgotten });
    await project.run(['run']);
    report = await reportOf(project);
    return async () => {
      await project[Symbol.asyncDispose]();
    };
  });

  test('fails its own test, with the call and its line, and nothing outside any test', () => {
    expect(report.errors).toEqual([]);
    const { status, errors } = named(report, 'forgets to await a matcher');
    expect({ status, messages: errors.map(({ message }) => message) }).toEqual({
      status: 'error',
      messages: [
        "expect(node0).toReach('192.168.1.9') was still pending when the test ended: is an await missing? It was called at tests/forgotten.test.ts:5:16",
      ],
    });
    expect(errors[0]).toMatchObject({ code: 'ALPY_PENDING_CALL', fault: 'usage' });
  });

  test('and fails before the test ends, is the failure of that test, with its line', () => {
    const { status, errors } = named(report, 'forgets to await one that fails in time');
    expect({ status, messages: errors.map(({ message }) => message) }).toEqual({
      status: 'failed',
      messages: [
        expect.stringMatching(
          /^expected node0 to reach 192\.168\.1\.9, but none of \d+ echo requests was answered\n\(nothing awaited expect\(node0\)\.toReach\('192\.168\.1\.9'\), called at tests\/forgotten\.test\.ts:10:16: is an await missing\?\)$/,
        ),
      ],
    });
  });

  test('is found in steps, too', () => {
    expect(named(report, 'forgets a call in a step').errors).toMatchObject([
      { message: expect.stringMatching(/^apps\.run\(…\) was still pending .* at tests\/forgotten\.test\.ts:16:10$/) as string },
    ]);
  });

  test('may be awaited later', () => {
    expect(named(report, 'awaits later what it begins now')).toMatchObject({ status: 'passed', errors: [] });
  });

  test('is no error of its own when the test has failed already', () => {
    const { status, errors } = named(report, 'fails while another call is pending');
    expect({ status, messages: errors.map(({ message }) => message) }).toEqual({
      status: 'failed',
      messages: ['node0: sh -c exit 3: exit status 3; it printed nothing'],
    });
  });
});

// SPDX-License-Identifier: GPL-3.0-or-later
// The options of `alpy run` that select tests or say how often they run. No test needs a testbed.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunReport } from '../../src/report/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';

const aTest = `import { appendFileSync } from 'node:fs';
import { describe, expect, test } from 'alpy/test';

interface Row { readonly n: number }

describe('group', () => {
  test('passes', ({ task }) => {
    appendFileSync('timeouts.txt', task.timeout + '\\n');
  });

  test('fails', () => {
    expect(1).toBe(2);
  });
});

test.each<Row>([{ n: 1 }, { n: 2 }])('row $n', () => {});
for (const n of [1, 2]) test(\`loop \${n}\`, () => {});
`;
const bTest = `import { expect, test } from 'alpy/test';
test('matches its snapshot', () => { expect('new').toMatchSnapshot(); });
test('passes at the second attempt', { retry: 1 }, ({ task }) => { expect(task.result.retryCount).toBe(1); });
`;
const snapshot =
  '// Vitest Snapshot v1, https://vitest.dev/guide/snapshot.html\n\nexports[`matches its snapshot 1`] = `"old"`;\n';
/** As a machine without Docker. */
const noDaemon = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };

let project: Project;

beforeAll(async () => {
  project = await Project.create({
    'alpy.yaml': 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 0 }\nworkers: 1\n',
    'tests/a.test.ts': aTest,
    'tests/b.test.ts': bTest,
    'tests/__snapshots__/b.test.ts.snap': snapshot,
  });
  await writeBlankDisk(project.path('blank.raw'));
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

async function report(): Promise<RunReport> {
  return JSON.parse(await readFile(project.path('alpy-out/run.json'), 'utf8')) as RunReport;
}

/** Runs tests. @returns the exit status and the last line */
async function run(...args: readonly string[]): Promise<{ readonly status: number | null; readonly last: string | undefined }> {
  const { status, stdout } = await project.run(['run', '--quiet', ...args]);
  return { status, last: stdout.trimEnd().split('\n').at(-1) };
}

describe('--list, without a daemon,', () => {
  async function list(...args: readonly string[]): Promise<readonly string[]> {
    const { status, stdout, stderr } = await project.run(['run', '--list', ...args], noDaemon);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout.trimEnd().split('\n');
  }

  test('prints the line and the name of each test, and how many there are', async () => {
    expect(await list()).toEqual([
      'tests/a.test.ts:7 > group > passes',
      'tests/a.test.ts:11 > group > fails',
      'tests/a.test.ts:16 > row 1',
      'tests/a.test.ts:16 > row 2',
      'tests/a.test.ts:17 > loop 1',
      'tests/a.test.ts:17 > loop 2',
      'tests/b.test.ts:2 > matches its snapshot',
      'tests/b.test.ts:3 > passes at the second attempt',
      '8 tests in 2 files',
    ]);
  });

  test.each([
    ['a part of a file name', ['b.test'], ['matches its snapshot', 'passes at the second attempt']],
    ['--grep', ['--grep', '^group > p|^loop'], ['group > passes', 'loop 1', 'loop 2']],
    ['-t', ['-t', 'fails'], ['group > fails']],
    ['--test-name', ['--test-name', 'fails'], ['group > fails']],
    ['--grep-invert', ['--grep-invert', 'group|attempt'], ['row 1', 'row 2', 'loop 1', 'loop 2', 'matches its snapshot']],
    ['--grep and --grep-invert', ['--grep', 'passes', '--grep-invert', 'group'], ['passes at the second attempt']],
    ['the line of a test', ['tests/a.test.ts:11'], ['group > fails']],
    ['a line in a test', ['tests/a.test.ts:12'], ['group > fails']],
    ['the line and the column of a test', ['tests/a.test.ts:11:3'], ['group > fails']],
    ['the line of a group', ['a.test.ts:6'], ['group > passes', 'group > fails']],
    ['the line of a table', ['a.test.ts:16'], ['row 1', 'row 2']],
    ['the line of a loop', ['a.test.ts:17'], ['loop 1', 'loop 2']],
    ['two lines', ['a.test.ts:7', 'b.test.ts:2'], ['group > passes', 'matches its snapshot']],
    ['a line and a name', ['a.test.ts:17', '-t', '2'], ['loop 2']],
  ])('selects by %s', async (_, args, names) => {
    const lines = await list(...args);
    expect(lines.slice(0, -1).map((line) => line.replace(/^\S+ > /, ''))).toEqual(names);
  });

  test.each([
    ['a line without a test', ['a.test.ts:3'], /a\.test\.ts:3: its tests begin at the lines 6, 7, 11, 16, 17/],
    ['a line of a file that does not exist', ['none.test.ts:3'], /none\.test\.ts:3/],
    ['a name that no test has', ['-t', 'group > fials'], /Did you mean "group > fails"\?/],
  ])('refuses %s', async (_, args, message) => {
    const { status, stdout, stderr } = await project.run(['run', '--list', ...args], noDaemon);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/\(ALPY_USAGE\)\n$/);
  });

  test('refuses a file that cannot be loaded', async () => {
    await using broken = await Project.create({
      'alpy.yaml': 'appliance: { image: blank.raw }\n',
      'tests/a.test.ts': "throw new Error('broken');\n",
    });
    const { status, stderr } = await broken.run(['run', '--list'], noDaemon);
    expect(status).toBe(2);
    expect(stderr).toContain('broken');
  });
});

describe('after a run with failures,', () => {
  beforeEach(async () => {
    expect(await run()).toEqual({ status: 1, last: '5 passed, 2 failed, 1 flaky' });
  });

  test('--last-failed runs only the tests that failed, and then has none if they passed', async () => {
    const { stdout } = await project.run(['run', '--list', '--last-failed'], noDaemon);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('2 tests in 2 files');
    expect(await run('--last-failed', '-u', 'b.test')).toEqual({ status: 0, last: '1 passed, 0 failed' });
    expect(await readFile(project.path('tests/__snapshots__/b.test.ts.snap'), 'utf8')).toContain('"new"'); // -u
    const { status, stderr } = await project.run(['run', '--last-failed']);
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringMatching(/^alpy: --last-failed: /) as string });
    expect((await report()).tests).toHaveLength(1); // the reports of the last run are still there
  });
});

test('a name that no test has: status 2, and no test is listed', async () => {
  const { status, stdout, stderr } = await project.run(['run', '--verbose', '-t', 'group > fials']);
  expect(status).toBe(2);
  expect(stderr).toMatch(/Did you mean "group > fails"\? \(ALPY_USAGE\)\n$/);
  expect(stdout).not.toMatch(/skipped|test\.ts/i);
});

test('--bail ends the run after a failure; the others did not run, and --last-failed includes them', async () => {
  const { last } = await run('--bail=1', 'a.test', 'b.test', '-t', 'group|loop|attempt');
  expect(last).toBe('1 passed, 1 failed, 3 skipped');
  const { exitStatus, tests } = await report();
  expect(exitStatus).toBe(1);
  const others = tests.filter(({ status }) => status === 'skipped');
  expect(others.map(({ notRun }) => notRun)).toEqual([true, true, true]);
  const { stdout } = await project.run(['run', '--list', '--last-failed'], noDaemon);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('4 tests in 2 files');
});

test('--repeat-each runs each test so often, each time with its own folder', async () => {
  expect(await run('--repeat-each', '3', '-t', 'row 1')).toEqual({ status: 0, last: '1 passed, 0 failed' });
  const [one] = (await report()).tests;
  expect(one).toMatchObject({ attempts: 3, line: 16 });
  for (const folder of ['', 'repeat1/', 'repeat2/'])
    expect(one?.artifacts).toContain(`${String(one?.directory)}/${folder}debug.log`);
});

test('--shuffle SEED runs files and tests in the random order of that seed; --shuffle chooses a seed and prints it', async () => {
  const orderOf = async (...args: readonly string[]): Promise<{ order: readonly string[]; text: string | undefined }> => {
    await run(...args, '-t', 'passes|row|loop');
    const { tests, environment } = await report();
    return { order: tests.map(({ fullName }) => fullName), text: environment['order'] };
  };
  const usual = ['group > passes', 'row 1', 'row 2', 'loop 1', 'loop 2', 'passes at the second attempt'];
  const chosen = await orderOf('--shuffle');
  const seed = /^random, repeat it with --shuffle (\d+)$/.exec(chosen.text ?? '')?.[1] ?? '';
  expect([...chosen.order].sort()).toEqual([...usual].sort());
  expect(await orderOf('--shuffle', seed)).toEqual(chosen);
  const { order } = await orderOf('--shuffle', '1');
  expect(order).toHaveLength(usual.length);
  expect(order).not.toEqual(usual);
});

test('--fail-on-flaky: status 1 if a test passed only at a retry', async () => {
  const flaky = ['-t', 'second attempt'];
  expect(await run(...flaky)).toEqual({ status: 0, last: '0 passed, 0 failed, 1 flaky' });
  expect(await run(...flaky, '--fail-on-flaky')).toEqual({ status: 1, last: '0 passed, 0 failed, 1 flaky' });
  expect(await report()).toMatchObject({ failsOnFlaky: true, tests: [{ status: 'flaky', attempts: 2 }] });
});

test('--timeout changes how long a test may take', async () => {
  await run('a.test.ts:7', '--timeout', '2m');
  await run('a.test.ts:7', '--timeout', '30s');
  const [long, short] = (await readFile(project.path('timeouts.txt'), 'utf8')).trim().split('\n').map(Number).slice(-2);
  expect((long ?? 0) - (short ?? 0)).toBeGreaterThanOrEqual(90_000);
});

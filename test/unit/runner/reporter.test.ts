// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SerializedError, TestCase, TestModule } from 'vitest/node';
import { exitStatusOf, type TestReport } from '../../../src/report/index.ts';
import { claimTestDirectory } from '../../../src/report/test-directory.ts';
import { RunReporter } from '../../../src/runner/reporter.ts';

interface Fake {
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending';
  readonly directory?: string;
  readonly errors?: readonly object[];
  readonly attempts?: readonly { readonly state: 'passed' | 'failed' | 'skipped'; readonly errors?: readonly object[] }[];
}

/** A test as Vitest has it, as far as the reporter looks. */
function fakeTest(
  name: string,
  { state, directory, errors = [], attempts = [] }: Fake,
  file = '/project/tests/a.test.ts',
): TestCase {
  return {
    id: `${file} ${name}`,
    name,
    fullName: name,
    module: { moduleId: file },
    result: () => ({ state, errors }),
    options: {},
    attempts: () => attempts,
    diagnostic: () => (state === 'pending' ? undefined : { duration: 5 }),
    meta: () => ({ ...(directory === undefined ? {} : { alpyDirectory: directory }) }),
  } as unknown as TestCase;
}

function fakeModule(tests: readonly TestCase[]): TestModule {
  const children = { allTests: () => tests, allSuites: () => [] };
  return { moduleId: tests[0]?.module.moduleId, errors: () => [], children } as unknown as TestModule;
}

function reporterIn(outDirectory: string): { reporter: RunReporter; reported: TestReport[] } {
  const reported: TestReport[] = [];
  const paths = { root: '/project', outDirectory, testsDirectory: join(outDirectory, 'tests') };
  return { reporter: new RunReporter(paths, (report) => reported.push(report)), reported };
}

const killed = (file: string): SerializedError => ({
  name: 'Error',
  message: '[vitest-pool]: Worker forks emitted error.',
  cause: { message: `Worker exited unexpectedly with signal SIGKILL during started state while running test file ${file}` },
});

test('if a worker is killed, its running test fails, later ones did not run, earlier ones keep their results', () => {
  const { reporter, reported } = reporterIn('/nowhere');
  const [before, dies, after] = [
    fakeTest('before', { state: 'passed' }),
    fakeTest('dies', { state: 'pending' }),
    fakeTest('after', { state: 'pending' }),
  ];
  for (const one of [before, dies]) reporter.onTestCaseReady(one);
  reporter.onTestCaseResult(before);
  const other = fakeTest('other', { state: 'passed' }, '/project/tests/b.test.ts');
  reporter.onTestCaseResult(other);
  const strange = { name: 'Error', message: 'outside' };
  reporter.onTestRunEnd([fakeModule([before, dies, after]), fakeModule([other])], [killed('/project/tests/a.test.ts'), strange]);
  expect(reported.map(({ name, status }) => [name, status])).toEqual([
    ['before', 'passed'],
    ['other', 'passed'],
    ['dies', 'error'],
    ['after', 'skipped'],
  ]);
  expect(reported[2]?.errors).toEqual([
    {
      message:
        'the process that ran this test ended unexpectedly with signal SIGKILL. Was there too little memory? alpy did not send that signal',
      code: 'ALPY_WORKER_DIED',
      fault: 'environment',
    },
  ]);
  expect(reported[3]?.skipReason).toBe('not run: the process of this file ended with signal SIGKILL while "dies" ran');
  expect(reporter.errors).toMatchObject([{ message: 'outside' }]);
});

test('if a worker dies before Vitest reports that its test has begun, the directory of the test shows it', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-reporter-'));
  const { reporter, reported } = reporterIn(made.path);
  const name = claimTestDirectory(join(made.path, 'tests'), { file: 'tests/a.test.ts', fullName: 'dies' });
  await writeFile(join(made.path, 'tests', name, 'console.log'), '');
  const [dies, never] = [fakeTest('dies', { state: 'pending' }), fakeTest('never', { state: 'pending' })];
  reporter.onTestRunEnd([fakeModule([dies, never])], [killed('tests/a.test.ts')]);
  expect(reported).toMatchObject([
    { name: 'dies', status: 'error', directory: 'tests/a-dies', artifacts: ['tests/a-dies/console.log'] },
    { name: 'never', status: 'skipped' },
  ]);
  expect(reporter.errors).toEqual([]);
});

/** How long a test ran whose process died, by its report. @param times - of its events, in `ms` since 1970 */
async function durationOfDead(times: readonly number[], isBegunReported: boolean): Promise<number | undefined> {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-reporter-'));
  const { reporter, reported } = reporterIn(made.path);
  const dies = fakeTest('dies', { state: 'pending', directory: 'dies' });
  await mkdir(join(made.path, 'tests', 'dies'), { recursive: true });
  const lines = times.map((timeMs) => JSON.stringify({ kind: 'log', source: 'test', timeMs, text: 'x' }));
  await writeFile(join(made.path, 'tests', 'dies', 'events.ndjson'), `${lines.join('\n')}\n`);
  if (isBegunReported) reporter.onTestCaseReady(dies);
  reporter.onTestRunEnd([fakeModule([dies])], [killed('/tests/a.test.ts')]);
  expect(reported).toMatchObject([{ name: 'dies', status: 'error' }]);
  return reported[0]?.durationMs;
}

test.each([
  ['before Vitest reports that its test has begun', false],
  ['and Vitest reports only after the last event that its test has begun', true],
])('if a worker dies %s, the events show how long the test ran', async (_when, isBegunReported) => {
  const endMs = Date.now();
  const durationMs = await durationOfDead([endMs - 2, endMs - 1], isBegunReported);
  expect(durationMs).toBeGreaterThan(0);
  expect(durationMs).toBeLessThanOrEqual(1);
});

test('if the clock was stepped forwards before a worker dies, its test has not run longer than the run', async () => {
  const nowMs = Date.now();
  const durationMs = await durationOfDead([nowMs, nowMs + 12 * 3_600_000], true);
  expect(durationMs).toBeGreaterThan(0);
  expect(durationMs).toBeLessThan(3_600_000);
});

test('if a worker dies between tests, the error belongs to no test', () => {
  const { reporter, reported } = reporterIn('/nowhere');
  const never = fakeTest('never', { state: 'pending' });
  reporter.onTestRunEnd([fakeModule([never])], [killed('tests/a.test.ts')]);
  expect(reported).toMatchObject([
    { status: 'skipped', skipReason: 'not run: the process of this file ended with signal SIGKILL' },
  ]);
  expect(reporter.errors).toHaveLength(1);
});

test('a test that never ended does not count as passed', () => {
  const { reporter, reported } = reporterIn('/nowhere');
  const running = fakeTest('running', { state: 'pending' });
  reporter.onTestCaseReady(running);
  reporter.onTestRunEnd([fakeModule([running])], []);
  expect(reported).toMatchObject([{ status: 'error', errors: [{ message: 'the run ended while this test ran' }] }]);
});

test('unreadable files of a test do not change its result', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-reporter-'));
  const { reporter, reported } = reporterIn(made.path);
  await mkdir(join(made.path, 'tests', 'spoilt'), { recursive: true });
  await symlink('/dev/zero', join(made.path, 'tests', 'spoilt', 'events.ndjson'));
  await writeFile(join(made.path, 'tests', 'file'), '');
  for (const [name, directory] of [
    ['a', 'spoilt'],
    ['b', 'file'],
    ['c', 'missing'],
  ] as const)
    reporter.onTestCaseResult(fakeTest(name, { state: 'passed', directory }));
  expect(reported.map(({ status, steps }) => [status, steps])).toEqual(Array.from({ length: 3 }, () => ['passed', []]));
  const messages = reporter.errors.map(({ message }) => message);
  expect(messages).toEqual(
    [/a link or a special file/, /ENOTDIR/, /ENOTDIR/].map((text) => expect.stringMatching(text) as string),
  );
});

test('if the clean-up of a failed test fails too, both errors are reported and the first decides', () => {
  const { reporter, reported } = reporterIn('/nowhere');
  const both = {
    name: 'SuppressedError',
    message: 'x',
    suppressed: { message: 'first', fault: 'device' },
    error: { message: 'second' },
  };
  reporter.onTestCaseResult(fakeTest('twice', { state: 'failed', errors: [both] }));
  expect(reported).toMatchObject([{ status: 'failed', errors: [{ message: 'first' }, { message: 'second' }] }]);
});

describe('a test that was cancelled because the run ends', () => {
  const cancelled = { name: 'TestRunAbortError', message: 'The test run was aborted by the user.' };
  const cleanUp = { name: 'CleanupError', message: 'could not clean up', code: 'ALPY_CLEANUP', fault: 'environment' };
  const lost = { message: 'the Docker daemon closed its event stream', fault: 'environment' } as const;
  const reportOf = (...errors: readonly object[]): TestReport | undefined => {
    const { reporter, reported } = reporterIn('/nowhere');
    reporter.stop(lost.message);
    reporter.onTestCaseResult(fakeTest('cancelled', { state: 'failed', errors }));
    return reported[0];
  };

  test('while it was set up, and could not clean up, fails only because of the clean-up', () => {
    const report = reportOf({ name: 'SuppressedError', message: 'x', suppressed: cancelled, error: cleanUp });
    expect(report).toMatchObject({ status: 'error', failureClass: 'environment', errors: [{ code: 'ALPY_CLEANUP' }] });
    expect(exitStatusOf({ tests: [report!], errors: [lost] })).toBe(3);
  });

  test('and has no other error was not run to its end', () => {
    expect(reportOf(cancelled)).toMatchObject({ status: 'skipped', errors: [], skipReason: lost.message });
  });
});

describe('a test that was run more than once', () => {
  const [first, second] = [
    { message: 'first', fault: 'device' },
    { message: 'second', fault: 'device' },
  ];

  test('and passed in the end is flaky, and keeps its errors', () => {
    const { reporter, reported } = reporterIn('/nowhere');
    const attempts = [{ state: 'failed', errors: [first] }, { state: 'passed' }] as const;
    reporter.onTestCaseResult(fakeTest('a', { state: 'passed', errors: [first], attempts }));
    expect(reported).toMatchObject([{ status: 'flaky', attempts: 2, errors: [{ message: 'first' }] }]);
  });

  test('and failed every time has failed', () => {
    const { reporter, reported } = reporterIn('/nowhere');
    const attempts = [
      { state: 'failed', errors: [first] },
      { state: 'failed', errors: [second] },
    ] as const;
    reporter.onTestCaseResult(fakeTest('a', { state: 'failed', errors: [first, second], attempts }));
    expect(reported).toMatchObject([{ status: 'failed', attempts: 2, errors: [{ message: 'first' }, { message: 'second' }] }]);
  });

  test('and passed every time has passed', () => {
    const { reporter, reported } = reporterIn('/nowhere');
    reporter.onTestCaseResult(fakeTest('a', { state: 'passed', attempts: [{ state: 'passed' }, { state: 'passed' }] }));
    expect(reported).toMatchObject([{ status: 'passed', attempts: 2, errors: [] }]);
  });

  test('and skipped itself after it had failed has failed', () => {
    const { reporter, reported } = reporterIn('/nowhere');
    const attempts = [{ state: 'failed', errors: [first] }, { state: 'skipped' }] as const;
    reporter.onTestCaseResult(fakeTest('a', { state: 'skipped', attempts }));
    expect(reported).toMatchObject([{ status: 'failed', attempts: 2, errors: [{ message: 'first' }] }]);
  });
});

test('tests that were not selected are not reported, whatever happens', () => {
  const reported: TestReport[] = [];
  const paths = { root: '/project', outDirectory: '/nowhere', testsDirectory: '/nowhere/tests' };
  const isSelected = ({ name }: TestCase): boolean => name === 'wanted';
  const reporter = new RunReporter(paths, (report) => reported.push(report), { isSelected });
  const [wanted, other] = [fakeTest('wanted', { state: 'passed' }), fakeTest('other', { state: 'skipped' })];
  reporter.onTestCaseResult(wanted);
  reporter.onTestCaseResult(other);
  reporter.onTestRunEnd([fakeModule([wanted, other, fakeTest('third', { state: 'pending' })])], []);
  reporter.addUnrun([fakeModule([fakeTest('fourth', { state: 'pending' })])]);
  expect(reporter.tests.map(({ name }) => name)).toEqual(['wanted']);
  expect(reported).toHaveLength(1);
});

test('after the last failure that --bail allows, the other tests did not run', () => {
  const reported: TestReport[] = [];
  const paths = { root: '/project', outDirectory: '/nowhere', testsDirectory: '/nowhere/tests' };
  const reporter = new RunReporter(paths, (report) => reported.push(report), { bail: 2 });
  const [a, b, c] = [
    fakeTest('a', { state: 'failed', errors: [{ message: 'x' }] }),
    fakeTest('b', { state: 'failed', errors: [{ message: 'x' }] }),
    fakeTest('c', { state: 'pending' }),
  ];
  reporter.onTestCaseReady(c);
  reporter.onTestCaseResult(a);
  expect(reporter.hasBailed).toBe(false);
  reporter.onTestCaseResult(b);
  expect(reporter.hasBailed).toBe(true);
  reporter.onTestRunEnd([fakeModule([a, b, c])], []);
  reporter.addUnrun([fakeModule([fakeTest('d', { state: 'pending' })])]);
  expect(reporter.tests.map(({ name, status, notRun }) => [name, status, notRun])).toEqual([
    ['a', 'error', undefined],
    ['b', 'error', undefined],
    ['c', 'skipped', true],
    ['d', 'skipped', true],
  ]);
});

test('a test that Vitest has ended without reporting it keeps its result', () => {
  const { reporter } = reporterIn('/nowhere');
  const refused = fakeTest('refused', { state: 'failed', errors: [{ name: 'Error', message: 'Unexpected .only modifier' }] });
  reporter.onTestRunEnd([fakeModule([refused])], []);
  expect(reporter.tests).toMatchObject([
    { name: 'refused', status: 'error', errors: [{ message: 'Unexpected .only modifier' }] },
  ]);
});

test('a file that was to run but has no result is an error', () => {
  const state = (moduleId: string, of: 'queued' | 'pending' | 'passed'): Pick<TestModule, 'moduleId' | 'state'> => ({
    moduleId,
    state: () => of,
  });
  const { reporter } = reporterIn('/nowhere');
  reporter.onTestCaseResult(fakeTest('fine', { state: 'passed' }, '/project/reported.test.ts'));
  const files = ['unknown', 'queued', 'pending', 'passed', 'reported'].map((name) => `/project/${name}.test.ts`);
  const modules = (['queued', 'pending', 'passed'] as const).map((name) => state(`/project/${name}.test.ts`, name));
  reporter.addMissing(files, modules);
  expect(reporter.errors.map(({ fault }) => fault)).toEqual(['bug', 'bug', 'bug']);
});

test('a file without a result is no second error if another error explains it', () => {
  const { reporter } = reporterIn('/nowhere');
  reporter.onTestRunEnd([], [{ name: 'Error', message: 'outside' }]);
  reporter.addMissing(['/project/unknown.test.ts'], []);
  expect(reporter.errors).toHaveLength(1);
});

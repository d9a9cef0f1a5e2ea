// SPDX-License-Identifier: GPL-3.0-or-later
// Set-up file of every worker: what happens before and after each test.
import { join, relative } from 'node:path';
import { afterAll, aroundEach, beforeAll, beforeEach, expect, type TestContext } from 'vitest';
import { addNotes, EnvironmentError, messageOf, partsOf } from '../core/errors.ts';
import { makeRedactor } from '../core/redact.ts';
import { log as logLine, withSink, type StepSink } from '../core/step.ts';
import { slashes } from '../core/text.ts';
// from single files, because a worker writes no reports
import { BoundedSink } from '../report/bounded-sink.ts';
import { DebugLog } from '../report/debug-log.ts';
import { composeSinks } from '../report/events.ts';
import { redactSink } from '../report/redact.ts';
import { terminalSink } from '../report/terminal.ts';
import { claimTestDirectory } from '../report/test-directory.ts';
import { installDebugClock } from './debug-clock.ts';
import { ActivityReporter } from './activity.ts';
import { allowEnvironmentRetries } from './environment-retries.ts';
import { beginAttempt, checkExpected, refuseFailure } from './expected-failure.ts';
import { explainTimeouts, isTestTimeout } from './explain-timeouts.ts';
import { matchers } from './matchers.ts';
import { nextTest } from './next-test.ts';
import type { Testbed } from '../testbed/index.ts';
import { readLoad, type LoadReading } from './scheduler/load.ts';
import { LoadMonitor } from './scheduler/load-monitor.ts';
import { pressureBetween } from './scheduler/overload.ts';
import { closedMessage, readyMessage } from './ready.ts';
import { TestCalls, withCalls } from './test-calls.ts';
import { trackAllCalls, watchUncaught } from './track-calls.ts';
import { runFacts } from './worker-engine.ts';
import { closeWorker, forgetTestState, setTestState, type TestState } from './worker-state.ts';

type Task = TestContext['task'];

const facts = runFacts();
if (facts.isDebugged) installDebugClock();
const redact = makeRedactor(facts.secrets);
const monitor = new LoadMonitor();
expect.extend(matchers);
trackAllCalls();
Error.stackTraceLimit = Math.max(Error.stackTraceLimit, 50); // the default is less than what alpy and Vitest may call above a test
const runningTests = new Set<TestCalls>();
watchUncaught(() => Array.from(runningTests, ({ test }) => test));

// A terminal sends these to all processes of the run. The main process handles them: it cancels the tests, which then clean up
// here. If the main process dies, this worker must end.
for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => undefined);
// Vitest ends an idle worker with SIGTERM, and waits half a second for it
process.on('SIGTERM', () => {
  if (runningTests.size === 0) endWorker();
});
process.on('disconnect', endWorker);
process.send?.(readyMessage); // Vitest's part of the worker is ready

const longEnough = 2 ** 31 - 1; // the test and its fixtures have their own deadlines

aroundEach(async (runTest, { task }) => {
  const attempt = await beginTest(task);
  const { calls, state } = attempt;
  using _fixtures = releaseFixtures(task.context);
  using log = DebugLog.open(state.directory);
  using activity = facts.showActivity ? activityOf(task) : undefined;
  const sinks = [log.sink, ...(activity ? [activity.sink] : []), ...(facts.showSteps ? [stepsSink(task)] : [])];
  using bounded = new BoundedSink(redactSink(composeSinks(...sinks), redact)); // before expensive sinks
  await withSink(bounded.sink, async () => {
    try {
      await withCalls(calls, runTest);
    } finally {
      await judgeTest(task, attempt);
      await endTest(state, calls, task)
        .catch((error: unknown) => {
          // a property of Vitest's: it would drop the error of a test that skipped itself
          if (task.result) Object.assign(task.result, { pending: false });
          refuseFailure(task);
          throw error;
        })
        .finally(() => {
          runningTests.delete(calls);
          forgetTestState(task);
        });
    }
  });
}, longEnough);

beforeAll(({}, file) => {
  allowEnvironmentRetries(file, facts.config.retryEnvironment);
});

// Makes Vitest send the test's `meta` to the main process at once, so that its files are found if this process dies
beforeEach(() => undefined);

afterAll(async () => {
  await closeWorker();
  process.send?.(closedMessage);
}, longEnough);

/** An attempt at a test, with what was measured when it began. */
interface Attempt {
  readonly state: TestState;
  readonly calls: TestCalls;
  /** number of errors from earlier attempts */
  readonly earlierErrors: number;
  readonly load: LoadReading;
  readonly startMs: number;
}

async function beginTest(task: Task): Promise<Attempt> {
  const file = relative(facts.root, task.file.filepath);
  const testDirectory = directoryOf(task);
  const attempt = task.result?.attempts?.length ?? 0;
  const directory = attempt === 0 ? testDirectory : join(testDirectory, `${task.repeats ? 'repeat' : 'retry'}${attempt}`);
  const nextDirectory = (): string | undefined => {
    const next = nextTest(task);
    return next && directoryOf(next);
  };
  const state: TestState = { test: task.fullTestName, directory, attempt, nextDirectory };
  beginAttempt(task);
  const earlierErrors = task.result?.errors?.length ?? 0;
  setTestState(task, state);
  const calls = new TestCalls(`${slashes(file)} > ${task.fullTestName}`);
  runningTests.add(calls);
  const load = await readLoad();
  return { state, calls, earlierErrors, load, startMs: performance.now() };
}

/** Claims the folder of a test, once. Returns its absolute path. */
function directoryOf(test: Readonly<Task>): string {
  const named = { file: relative(facts.root, test.file.filepath), fullName: test.fullTestName };
  test.meta.alpyDirectory ??= claimTestDirectory(facts.testsDirectory, named);
  return join(facts.testsDirectory, test.meta.alpyDirectory);
}

function activityOf(task: Task): ActivityReporter {
  const file = slashes(relative(facts.root, task.file.filepath));
  return new ActivityReporter({ id: task.id, file, fullName: task.fullTestName }, (message) => process.send?.(message));
}

/** Prints the steps of a test. */
function stepsSink(task: Task): StepSink {
  const isAlone = facts.workers === 1 && (facts.testsPerFile === 1 || task.concurrent !== true);
  const prefix = isAlone ? '' : `[${task.meta.alpyDirectory}] `; // lines of several tests are mixed
  return terminalSink((line) => process.stderr.write(`${prefix}${line}\n`));
}

/** Explains errors of an attempt, and decides whether they are what a test that is expected to fail expects. */
async function judgeTest(task: Task, { state, calls, earlierErrors, load, startMs }: Attempt): Promise<void> {
  const errors = task.result?.errors?.slice(earlierErrors) ?? [];
  const timeout = errors.find(isTestTimeout);
  if (timeout) addStack(timeout, calls.pendingSites);
  const isExcused = await explainTimeouts(errors, startMs, monitor);
  checkExpected(task, errors, !isExcused && state.isSetUp !== false);
  const overload = pressureBetween(load, await readLoad());
  if (overload !== undefined) task.meta.alpyOverload = overload;
}

/** Vitest keeps the context of each test until all tests of the file have ended. The fixtures in it would keep the whole testbed. */
function releaseFixtures(context: TestContext): Disposable {
  const before = new Set(Object.keys(context));
  return {
    [Symbol.dispose]: () => {
      for (const name of Object.keys(context)) if (!before.has(name)) Reflect.deleteProperty(context, name);
    },
  };
}

/** Vitest's timeout has at most the place of the test. That of the call which the test was waiting for helps more. */
function addStack(timeout: { readonly message: string; stack?: string }, lines: readonly string[]): void {
  const { stack = '', message } = timeout;
  timeout.stack = [message, ...lines, ...stack.split('\n').filter((line) => /^\s*at /.test(line))].join('\n');
}

/** Kills this process. Its lifelines, with everything that depends on them, and its decoder end with it. */
function endWorker(): void {
  process.kill(process.pid, 'SIGKILL');
}

/**
 * What fails after the test has failed is a consequence. A test that was cancelled is left in the middle of its calls.
 * @throws errors of calls that the test left pending, and what {@link closeTestbed} throws
 */
async function endTest(state: TestState, calls: TestCalls, task: Task): Promise<void> {
  const hasFailed = task.result?.state === 'fail';
  const isCancelled = task.result?.state === 'skip' && task.context.signal.aborted;
  const all = await calls.end(hasFailed || isCancelled); // before the tear-down, which ends every call
  const left = isCancelled ? [] : all;
  const errors = hasFailed ? left.map(asConsequence) : [...left];
  const isBad = hasFailed || errors.length > 0;
  const isExpected = task.fails === true && errors.length === 0;
  if (isBad && !isExpected) await pause(state, task, errors);
  await closeTestbed(state, isBad).catch((error: unknown) => errors.push(isBad ? asConsequence(error) : error));
  if (errors.length > 0) throw combined(errors);
}

/** One error for one or more. */
function combined(errors: readonly unknown[]): unknown {
  return errors.length === 1 ? errors[0] : new AggregateError(errors, errors.map(messageOf).join('\n'));
}

/** Marks an error for the reports. One that stands for several is marked in all parts. */
function asConsequence(error: unknown): unknown {
  for (const part of partsOf(error)) addNotes(part, { isConsequence: true });
  return error;
}

/**
 * Tears the testbed down, also if its creation was interrupted. This is not in the clean-up of a fixture, because Vitest skips
 * that when the fixture's set-up failed or was cancelled.
 */
async function closeTestbed({ testbed: making, lease }: TestState, hasFailed: boolean): Promise<void> {
  using _lease = lease;
  const testbed = await making?.catch(() => undefined); // the test has reported it
  if (!testbed) return;
  if (hasFailed) await saveScreens(testbed);
  const errors: unknown[] = [];
  if (hasFailed) await checkLinks(testbed).catch((error: unknown) => errors.push(error));
  await testbed.close().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw combined(errors);
}

/** How long the nodes may take to answer, in `ms`. */
const linksTimeoutMs = 2000;

/** @throws EnvironmentError if a node has lost its interface. If nodes do not answer, the tear-down says why. */
async function checkLinks(testbed: Testbed): Promise<void> {
  await testbed.checkLinks({ timeoutMs: linksTimeoutMs }).catch((error: unknown) => {
    if (error instanceof EnvironmentError) throw error;
  });
}

/** Keeps the testbed of a failed test until the user goes on, if the run says so. */
async function pause({ testbed: making, directory }: TestState, task: Task, others: readonly unknown[]): Promise<void> {
  const testbed = facts.pauseIn === undefined ? undefined : await making?.catch(() => undefined);
  if (!testbed || facts.pauseIn === undefined) return;
  const { pauseTest, plainError } = await import('./pause.ts');
  const errors = [...(task.result?.errors ?? []), ...others.flatMap(partsOf).map(plainError)];
  const paused = { id: task.id, file: task.file.filepath, fullName: task.fullTestName, errors };
  await pauseTest(paused, testbed, directory, facts.pauseIn, (message) => process.send?.(message));
}

/** Saves a screenshot of each device for a failed test. Must not throw: why the test failed is the error to report. */
async function saveScreens(testbed: Testbed): Promise<void> {
  try {
    await testbed.saveScreens();
  } catch (error) {
    logLine('alpy.runner', `no screenshot: ${messageOf(error)}`);
  }
}

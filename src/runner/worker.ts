// SPDX-License-Identifier: GPL-3.0-or-later
// Set-up file of every worker: what surrounds each test.
import { join, relative } from 'node:path';
import { afterAll, aroundEach, beforeEach, expect, type TestContext } from 'vitest';
import { blameFor } from '../core/deadline.ts';
import { messageOf } from '../core/errors.ts';
import { makeRedactor } from '../core/redact.ts';
import { log as logLine, withSink } from '../core/step.ts';
// one by one, as a worker writes no reports
import { BoundedSink } from '../report/bounded-sink.ts';
import { DebugLog } from '../report/debug-log.ts';
import { composeSinks } from '../report/events.ts';
import { redactSink } from '../report/redact.ts';
import { terminalSink } from '../report/terminal.ts';
import { claimTestDirectory } from '../report/test-directory.ts';
import { matchers } from './matchers.ts';
import type { Testbed } from '../testbed/index.ts';
import { overloadBetween, readLoad } from './scheduler/load.ts';
import { readyMessage } from './ready.ts';
import { TestCalls, withCalls } from './test-calls.ts';
import { trackAllCalls, watchRejections } from './track-calls.ts';
import { runFacts } from './worker-engine.ts';
import { closeWorker, setTestState, type TestState } from './worker-state.ts';

type Task = TestContext['task'];

const facts = runFacts();
const redact = makeRedactor(facts.secrets);
expect.extend(matchers);
trackAllCalls();
watchRejections();

// A terminal sends these to all processes of the run. The main process answers them: it cancels the tests, which then
// clean up here. When it dies itself, nothing of ours may live on.
let runningTests = 0;
for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => undefined);
// Vitest ends a worker that has no test any more by SIGTERM, and waits half a second for one that does not go
process.on('SIGTERM', () => {
  if (runningTests === 0) endWorker();
});
process.on('disconnect', endWorker);
process.send?.(readyMessage); // Vitest has set up its own part before

const longEnough = 2 ** 31 - 1; // the test and its fixtures have deadlines of their own

aroundEach(async (runTest, { task }) => {
  const { workers, testsPerFile, testsDirectory, root, showSteps } = facts;
  const file = relative(root, task.file.filepath);
  task.meta.alpyDirectory ??= claimTestDirectory(testsDirectory, { file, fullName: task.fullTestName });
  const retry = task.result?.retryCount ?? 0;
  const directory = join(testsDirectory, task.meta.alpyDirectory, retry === 0 ? '' : `retry${retry}`);
  const state: TestState = { test: task.fullTestName, directory };
  setTestState(task, state);
  runningTests += 1;
  const before = await readLoad();
  const startMs = performance.now();
  using log = DebugLog.open(directory);
  const isAlone = workers === 1 && (testsPerFile === 1 || task.concurrent !== true);
  const whose = isAlone ? '' : `[${task.meta.alpyDirectory}] `; // lines of several tests mix
  const sinks = [log.sink, ...(showSteps ? [terminalSink((line) => process.stderr.write(`${whose}${line}\n`))] : [])];
  const calls = new TestCalls(root);
  using bounded = new BoundedSink(redactSink(composeSinks(...sinks), redact)); // before all that is costly
  await withSink(bounded.sink, async () => {
    try {
      await withCalls(calls, runTest);
    } finally {
      const blamed = hasTimedOut(task) ? await blameFor(startMs) : undefined;
      if (blamed) task.meta.alpyBlame = blamed.message;
      const overload = overloadBetween(before, await readLoad());
      if (overload !== undefined) task.meta.alpyOverload = overload;
      await endTest(state, calls, task.result?.state === 'fail').finally(() => {
        runningTests -= 1;
      });
    }
  });
}, longEnough);

// Has Vitest tell the main process at once of what was added to the test's `meta`: should this process die, its files are found
beforeEach(() => undefined);

afterAll(closeWorker, longEnough);

/** Whether Vitest found that the test took too long; all other waits ask by themselves who is to blame. */
function hasTimedOut({ result }: Task): boolean {
  return result?.errors?.some(({ message }) => message.startsWith('Test timed out in ')) ?? false;
}

/** Ends this process at once; what hangs on its lifelines, and its decoder, ends with it. */
function endWorker(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** @throws what the test left undone, and what {@link closeTestbed} throws */
async function endTest(state: TestState, calls: TestCalls, hasFailed: boolean): Promise<void> {
  const errors = [...(await calls.end(hasFailed))]; // before the testbed goes, which ends every call
  await closeTestbed(state, hasFailed || errors.length > 0).catch((error: unknown) => errors.push(error));
  if (errors.length > 1) throw new AggregateError(errors, errors.map(messageOf).join('\n'));
  if (errors.length === 1) throw errors[0];
}

/**
 * Tears down what the test has left, also when its making was interrupted. Here rather than in the clean-up of a fixture,
 * which Vitest leaves out when the fixture's set-up failed or was cancelled.
 */
async function closeTestbed({ testbed: making, directory, lease }: TestState, hasFailed: boolean): Promise<void> {
  using _lease = lease;
  const testbed = await making?.catch(() => undefined); // the test has been told already
  if (!testbed) return;
  if (hasFailed) await saveScreen(testbed, directory);
  await testbed.close();
}

/** Keeps a picture of the screen of a test that failed; its lack must not hide why the test failed. */
async function saveScreen(testbed: Testbed, directory: string): Promise<void> {
  try {
    await testbed.dut.screenshot(join(directory, 'screen.png'));
  } catch (error) {
    logLine('alpy.runner', `no picture of the screen: ${messageOf(error)}`);
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { join, relative } from 'node:path';
import { whenAborted } from '../core/deadline.ts';
import { messageOf, StoppedError } from '../core/errors.ts';
import { markHandled } from '../core/mark-handled.ts';
import { makeRedactor } from '../core/redact.ts';
import { slashes } from '../core/text.ts';
import { connectTimeoutMs, Engine, removeGuardedFiles, type GuardNote } from '../docker/index.ts';
import {
  errorReports,
  exitStatusOf,
  redactHead,
  redactReport,
  redactTest,
  StoredResults,
  writeReports,
  type ErrorReport,
  type RunReport,
  type ShardReport,
  type TestReport,
} from '../report/index.ts';
import { sessionSockets } from '../session/spec.ts'; // not the whole folder, which takes long to load
import { draftPrefix } from '../snapshot/index.ts';
import { closeVitest } from './close-vitest.ts';
import { clearOut, makeFolder } from './out-directory.ts';
import { removeRunLeftovers } from './run-leftovers.ts';
import { RunReporter } from './reporter.ts';
import type { Run, RunOptions, Selected } from './run-options.ts';
import { runVitest } from './run-vitest.ts';
import { runFolders, SchedulerServer } from './scheduler/server.ts';
import { isSelected } from './selection.ts';
import { setUp } from './set-up-run.ts';
import { runRounds } from './watch/rounds.ts';

/**
 * Runs tests and writes `junit.xml`, `run.json`, `metrics.txt`, `report/index.html` and, in a GitLab job, `annotations.json`.
 * @returns the report; `exitStatus` is the result of the run
 * @throws UsageError when no test matches
 * @throws DaemonError, MissingImageError, DiskImageError, EnvironmentError when no test could be run
 */
export async function runTests(options: RunOptions): Promise<RunReport> {
  const { loaded, signal, directory } = options;
  const { config } = loaded;
  const [startedMs, startedAt] = [performance.now(), new Date().toISOString()];
  const testsDirectory = join(config.out, 'tests');
  await makeFolder(testsDirectory);
  const { jobId, onWait } = options;
  using engine = await Engine.connect({ jobId, onWait }, { timeoutMs: connectTimeoutMs, signal });
  const loading = import('./open-vitest.ts'); // takes a while; meanwhile containers inspect the machine
  markHandled(loading); // awaited by setUp
  const redact = makeRedactor(options.secrets);
  const stored = new StoredResults(config.out);
  const selected: Selected = { files: [] };
  const onTest = (test: TestReport): void => {
    const redacted = redactTest(test, redact);
    stored.add(redacted);
    options.onTest(redacted);
  };
  const reporter = new RunReporter({ root: directory, outDirectory: config.out, testsDirectory }, onTest, {
    bail: options.settings?.bail,
    isSelected: (testCase) => isSelected(testCase, selected.files, options.selection.testName),
  });
  const { artifactRoot = directory, jobUrl } = options;
  const outPath = slashes(relative(artifactRoot, config.out)) || '.';
  const projectPath = slashes(relative(artifactRoot, directory));
  const isInside = projectPath !== '' && projectPath !== '..' && !projectPath.startsWith('../');
  const head = {
    alpyVersion: options.alpyVersion,
    startedAt,
    ...(isInside ? { projectPath } : {}),
    ...(config.failOnFlaky ? ({ failsOnFlaky: true } as const) : {}),
  };
  const job = jobUrl === undefined ? {} : { job: { jobUrl, outPath } };
  const begin: Run['begin'] = async (environment, shard) => {
    await clearOut(config.out, testsDirectory);
    stored.begin(redactHead({ ...head, environment, ...(shard === undefined ? {} : { shard }), ...job }, redact));
  };
  const run: Run = {
    options,
    engine,
    loading,
    reporter,
    selected,
    begin,
    testsDirectory,
    end: AbortSignal.any([signal, engine.lost]),
  };
  whenAborted(run.end, () => {
    reporter.stop(messageOf(run.end.reason));
    engine.hurry(); // the clean-up no longer waits for a daemon that does not answer
  });
  const finish: Finish = async ({ environment, shard, left }, roundMs = startedMs) => {
    const lost = engine.lost.aborted && engine.lost.reason instanceof Error ? errorReports(engine.lost.reason) : [];
    const notStored = stored.failure === undefined ? [] : errorReports(stored.failure);
    const partial = { tests: reporter.tests, errors: [...lost, ...reporter.errors, ...left, ...notStored] };
    const whole: RunReport = {
      ...head,
      environment,
      durationMs: performance.now() - roundMs,
      ...partial,
      exitStatus: signal.reason instanceof StoppedError ? signal.reason.exitStatus : exitStatusOf({ ...head, ...partial }),
      ...(shard === undefined ? {} : { shard }),
      ...job,
    };
    const report = redactReport(whole, redact);
    await writeReports(report, config.out, outPath);
    stored.remove();
    return report;
  };
  const outcome = await perform(run, finish);
  if (outcome.last !== undefined && outcome.left.length === 0 && !run.end.aborted) return outcome.last;
  return await finish(outcome);
}

/** What to report about a run besides its tests. */
interface Outcome {
  readonly environment: Readonly<Record<string, string>>;
  readonly shard: ShardReport | undefined;
  /** why containers or errors are left of it */
  readonly left: readonly ErrorReport[];
  /** the report of the last round of a run with several; absent for others */
  readonly last?: RunReport | undefined;
}

/** Writes the reports. @param startMs - when the round began, by `performance.now`; default: with the run */
type Finish = (outcome: Outcome, startMs?: number) => Promise<RunReport>;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Sets the run up and runs its tests. A run that is stopped before has no tests. */
async function perform(run: Run, finish: Finish): Promise<Outcome> {
  const { options, engine, reporter, begin, end, testsDirectory } = run;
  const filesOfWorkers: readonly GuardNote[] = [
    { socketsBelow: testsDirectory },
    { folder: options.snapshotDirectory, prefix: draftPrefix },
    ...(options.pause
      ? sessionSockets(
          options.pause.directory,
          options.loaded.config.devices.map(({ name }) => name),
        )
      : []),
  ];
  engine.guard(runFolders, ...filesOfWorkers);
  const left: ErrorReport[] = [];
  const opened = new AsyncDisposableStack();
  let areWorkersClosed = true;
  opened.defer(async () => {
    left.push(...(await removeRunLeftovers(engine, { isHurried: end.aborted, areWorkersClosed }))); // after Vitest is closed
    if (!areWorkersClosed) await removeGuardedFiles(filesOfWorkers);
  });
  const outcome: Mutable<Omit<Outcome, 'left'>> = { environment: {}, shard: undefined };
  try {
    await using _opened = opened;
    const { facts, environment, openVitest } = await setUp(run);
    outcome.environment = environment;
    const vitest = await openVitest();
    if (vitest.temporary !== undefined) engine.guard({ path: vitest.temporary });
    opened.defer(async () => {
      await closeVitest(vitest, end);
      ({ areClosed: areWorkersClosed } = vitest.testWorkers);
    });
    await using scheduler = await SchedulerServer.open(facts.capacity);
    options.onStart(environment);
    outcome.shard = await runVitest(run, environment, vitest, { ...facts.forWorkers, scheduler: scheduler.path });
    if (options.watch && !end.aborted)
      outcome.last = await runRounds(run, options.watch, vitest, (startMs) => finish({ ...outcome, left: [] }, startMs));
  } catch (error) {
    if (!options.signal.aborted) throw error;
    if (error !== options.signal.reason && error instanceof Error) left.push(...errorReports(error));
    if (reporter.tests.length === 0) await begin(outcome.environment, undefined);
  }
  return { ...outcome, left };
}

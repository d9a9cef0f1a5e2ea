// SPDX-License-Identifier: GPL-3.0-or-later
import { join, relative } from 'node:path';
import type { TestSpecification, Vitest } from 'vitest/node';
import { whenAborted } from '../core/deadline.ts';
import { messageOf, StoppedError, UsageError } from '../core/errors.ts';
import { markHandled } from '../core/mark-handled.ts';
import { makeRedactor } from '../core/redact.ts';
import { slashes } from '../core/text.ts';
import { connectTimeoutMs, Engine } from '../docker/index.ts';
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
import { closeVitest } from './close-vitest.ts';
import { factsKey, type RunFacts } from './facts.ts';
import { inspect } from './inspect.ts';
import { clearOut, makeFolder } from './out-directory.ts';
import { removeRunLeftovers } from './run-leftovers.ts';
import { RunReporter } from './reporter.ts';
import type { RunOptions } from './run-options.ts';
import { capacityOf, defaultWorkers, inspectMachine } from './scheduler/capacity.ts';
import type { Capacity } from './scheduler/scheduler.ts';
import { SchedulerServer } from './scheduler/server.ts';
import type { TestWorkers } from './test-workers.ts';
import { planHash, planShards } from './shard.ts';

interface OpenedVitest {
  readonly vitest: Vitest;
  readonly testWorkers: TestWorkers;
}

/**
 * Runs tests and writes `junit.xml`, `run.json`, `metrics.txt`, `report/index.html` and, in a GitLab job, `annotations.json`.
 * @returns the report; `exitStatus` is the result of the run
 * @throws UsageError when no test matches
 * @throws DaemonError, MissingImageError, DiskImageError, EnvironmentError when no test could be run
 */
export async function runTests(options: RunOptions): Promise<RunReport> {
  const { loaded, signal, directory } = options;
  const { config } = loaded;
  const started = Date.now();
  const testsDirectory = join(config.out, 'tests');
  await makeFolder(testsDirectory);
  const { jobId, onWait } = options;
  using engine = await Engine.connect({ jobId, onWait }, { timeoutMs: connectTimeoutMs, signal });
  const loading = import('./open-vitest.ts'); // takes a while; meanwhile containers inspect the machine
  markHandled(loading); // awaited by setUp
  const redact = makeRedactor(options.secrets);
  const stored = new StoredResults(config.out);
  const reporter = new RunReporter({ root: directory, outDirectory: config.out, testsDirectory }, (test) => {
    const redacted = redactTest(test, redact);
    stored.add(redacted);
    options.onTest(redacted);
  });
  const { artifactRoot = directory, jobUrl } = options;
  const outPath = slashes(relative(artifactRoot, config.out)) || '.';
  const head = { alpyVersion: options.alpyVersion, startedAt: new Date(started).toISOString() };
  const job = jobUrl === undefined ? {} : { job: { jobUrl, outPath } };
  const begin: Run['begin'] = async (environment, shard) => {
    await clearOut(config.out, testsDirectory);
    stored.begin(redactHead({ ...head, environment, ...(shard === undefined ? {} : { shard }), ...job }, redact));
  };
  const run: Run = { options, engine, loading, reporter, begin, testsDirectory, end: AbortSignal.any([signal, engine.lost]) };
  whenAborted(run.end, () => {
    reporter.stop(messageOf(run.end.reason));
    engine.hurry(); // the clean-up no longer waits for a daemon that does not answer
  });
  const { environment, shard, left } = await perform(run);
  const { tests } = reporter;
  const lost = engine.lost.aborted && engine.lost.reason instanceof Error ? errorReports(engine.lost.reason) : [];
  const notStored = stored.failure === undefined ? [] : errorReports(stored.failure);
  const partial = { tests, errors: [...lost, ...reporter.errors, ...left, ...notStored] };
  const whole: RunReport = {
    ...head,
    environment,
    durationMs: Date.now() - started,
    ...partial,
    exitStatus: signal.reason instanceof StoppedError ? signal.reason.exitStatus : exitStatusOf(partial),
    ...(shard === undefined ? {} : { shard }),
    ...job,
  };
  const report = redactReport(whole, redact);
  await writeReports(report, config.out, outPath);
  stored.remove();
  return report;
}

/** What a run has from the start. */
interface Run {
  readonly options: RunOptions;
  readonly testsDirectory: string;
  readonly engine: Engine;
  readonly loading: Promise<typeof import('./open-vitest.ts')>;
  readonly reporter: RunReporter;
  /** removes the results of the previous run, and begins to store those of this one */
  readonly begin: (environment: Readonly<Record<string, string>>, shard: ShardReport | undefined) => Promise<void>;
  /** fires when the run must end early: it was stopped, or the daemon is lost */
  readonly end: AbortSignal;
}

/** What to report about a run besides its tests. */
interface Outcome {
  readonly environment: Readonly<Record<string, string>>;
  readonly shard: ShardReport | undefined;
  /** why containers or errors are left of it */
  readonly left: readonly ErrorReport[];
}

/** Sets the run up and runs its tests. A run that is stopped before has no tests. */
async function perform(run: Run): Promise<Outcome> {
  const { options, engine, reporter, begin, end } = run;
  const left: ErrorReport[] = [];
  const opened = new AsyncDisposableStack();
  opened.defer(async () => void left.push(...(await removeRunLeftovers(engine, end.aborted)))); // after Vitest is closed
  const outcome: { environment: Outcome['environment']; shard: ShardReport | undefined } = { environment: {}, shard: undefined };
  try {
    await using _opened = opened;
    const { facts, environment, openVitest } = await setUp(run);
    outcome.environment = environment;
    const vitest = await openVitest();
    opened.defer(() => closeVitest(vitest.vitest, end));
    await using scheduler = await SchedulerServer.open(facts.capacity);
    options.onStart(environment);
    outcome.shard = await runVitest(run, environment, vitest, { ...facts.forWorkers, scheduler: scheduler.path });
  } catch (error) {
    if (!options.signal.aborted) throw error;
    if (error !== options.signal.reason && error instanceof Error) left.push(...errorReports(error));
    if (reporter.tests.length === 0) await begin(outcome.environment, undefined);
  }
  return { ...outcome, left };
}

/** Inspects the machine and prepares Vitest. */
async function setUp({ options, testsDirectory, engine, loading, reporter, end }: Run): Promise<{
  readonly facts: { readonly forWorkers: Omit<RunFacts, 'testsPerFile' | 'scheduler'>; readonly capacity: Capacity };
  readonly environment: Readonly<Record<string, string>>;
  readonly openVitest: () => Promise<OpenedVitest>;
}> {
  const { loaded, directory, testName, onActivity, testOutput } = options;
  const { config, root } = loaded;
  const machine = await inspectMachine();
  const { host, disk, snapshots } = await inspect(engine, { ...options, signal: end }, testsDirectory);
  const workers = config.workers ?? defaultWorkers(machine, host.accel, config.appliance.memoryMiB);
  const environment = {
    docker: `${engine.version} at ${engine.address}`,
    accel: `${host.accel} (${host.accelReason})`,
    appliance: relative(directory, disk.path),
    files: host.access.kind,
    boot: typeof snapshots === 'string' ? `cold (${snapshots})` : `from snapshots in ${snapshots.directory}`,
    workers: `${workers} (${machine.cores} cores, ${machine.availableMiB} MiB available)`,
  };
  const forWorkers = {
    runId: engine.runId,
    jobId: options.jobId,
    config,
    host,
    disk,
    root,
    testsDirectory,
    workers,
    snapshots,
    showSteps: options.showSteps,
    showActivity: options.onActivity !== undefined,
    secrets: options.secrets,
  };
  const { openVitest } = await loading;
  return {
    facts: { forWorkers, capacity: { ...capacityOf(machine, host.accel), testbeds: workers } },
    environment,
    openVitest: () => openVitest({ config, root, testName, host, workers, reporter, onActivity, testOutput, signal: end }),
  };
}

/** @returns the shard that was run; `undefined` without shards */
async function runVitest(
  { options, loading, reporter, begin, end }: Run,
  environment: Readonly<Record<string, string>>,
  { vitest, testWorkers }: OpenedVitest,
  facts: Omit<RunFacts, 'testsPerFile'>,
): Promise<ShardReport | undefined> {
  const files = await vitest.globTestSpecifications([...options.filters]);
  if (files.length === 0) throw noTests(options);
  const { chosen, report } = inShard(files, options);
  await begin(environment, report); // not earlier: a mistyped filter must not remove the reports of the last run
  if (chosen.length === 0) return report; // more shards than files
  const workers = Math.min(facts.workers, chosen.length);
  const testsPerFile = Math.ceil(facts.workers / workers);
  vitest.config.maxConcurrency = testsPerFile; // the number of files was not known earlier
  vitest.provide(factsKey, { ...facts, workers, testsPerFile });
  const { runSpecifications, readTests } = await loading;
  await runSpecifications(vitest, chosen, testWorkers, end);
  if (end.aborted) {
    const isUnknown = ({ moduleId }: TestSpecification): boolean => !reporter.hasTestsOf(moduleId);
    reporter.addUnrun(vitest.state.getTestModules());
    reporter.addUnrun(await readTests(vitest, chosen.filter(isUnknown)));
    return report;
  }
  const { testName } = options;
  const isMeant = ({ fullName }: TestReport): boolean => testName?.test(fullName) ?? true; // Vitest skips the others
  if (report === undefined && reporter.errors.length === 0 && !reporter.tests.some(isMeant)) throw noTests(options);
  return report;
}

/** Returns the files of this shard; all without shards. */
function inShard(
  files: readonly TestSpecification[],
  { shard, durations = new Map(), directory, onStart }: RunOptions,
): { readonly chosen: readonly TestSpecification[]; readonly report?: ShardReport } {
  if (shard === undefined) return { chosen: files };
  const { index, total } = shard;
  const nameOf = ({ moduleId }: TestSpecification): string => slashes(relative(directory, moduleId));
  const plan = planShards(files.map(nameOf), total, durations);
  const mine = new Set(plan[index - 1]);
  const by = files.some((file) => durations.has(nameOf(file))) ? 'duration' : 'count';
  onStart({ shard: `${index}/${total}, ${mine.size} of ${files.length} test files (by ${by})` });
  return { chosen: files.filter((file) => mine.has(nameOf(file))), report: { index, total, plan: planHash(plan) } };
}

function noTests({ filters, testName, loaded }: RunOptions): UsageError {
  const { include } = loaded.config.tests;
  const meant = [...filters.map((filter) => `"${filter}"`), ...(testName === undefined ? [] : [String(testName)])];
  const what = meant.length === 0 ? 'no test file' : `no test that matches ${meant.join(' or ')}`;
  return new UsageError(`found ${what} among ${include.join(', ')} in ${loaded.root}`);
}

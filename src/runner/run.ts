// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { TestSpecification, Vitest } from 'vitest/node';
import { EnvironmentError, messageOf, UsageError } from '../core/errors.ts';
import { makeRedactor } from '../core/redact.ts';
import { slashes } from '../core/text.ts';
import type { LoadedConfig } from '../config/index.ts';
import { Engine } from '../docker/index.ts';
import {
  errorReports,
  exitStatusOf,
  redactHead,
  redactReport,
  redactTest,
  StoredResults,
  storedResultsFile,
  writeReports,
  type ErrorReport,
  type RunReport,
  type ShardReport,
  type TestReport,
} from '../report/index.ts';
import { factsKey, type RunFacts } from './facts.ts';
import { inspect } from './inspect.ts';
import { removeLeft } from './remove-left.ts';
import { RunReporter } from './reporter.ts';
import { capacityOf, defaultWorkers, inspectMachine } from './scheduler/capacity.ts';
import { SchedulerServer } from './scheduler/server.ts';
import { planHash, planShards, type Shard } from './shard.ts';

/** What to run, and where. */
export interface RunOptions {
  readonly loaded: LoadedConfig;
  /** parts of file names; a test file counts when it has one of them; empty for all */
  readonly filters: readonly string[];
  /** tests whose name matches; absent for all */
  readonly testName?: RegExp | undefined;
  /** the caller's environment: locations of images */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly alpyVersion: string;
  /** current directory: reports name test files relative to it */
  readonly directory: string;
  /** folder relative to which artifacts are named, `CI_PROJECT_DIR`; the current directory unless told */
  readonly artifactRoot?: string | undefined;
  readonly jobId?: string | undefined;
  /** page of the GitLab job, to link its artifacts; absent elsewhere */
  readonly jobUrl?: string | undefined;
  /** which part of the test files to run; absent for all */
  readonly shard?: Shard | undefined;
  /** how long test files took, in `s`, by their names in reports; shards are balanced by them */
  readonly durations?: ReadonlyMap<string, number> | undefined;
  /** absolute path of the folder for snapshots */
  readonly snapshotDirectory: string;
  /** file that keeps the verdict on KVM */
  readonly accelCacheFile?: string | undefined;
  /** ends the run; reports are written all the same */
  readonly signal: AbortSignal;
  readonly showSteps: boolean;
  /** values that neither logs nor reports may show; captures and console logs stay as they are */
  readonly secrets: readonly string[];
  /** called with every test as soon as it has ended */
  readonly onTest: (report: TestReport) => void;
  /** called with what was found out: of the machine, of the shard */
  readonly onStart: (environment: Readonly<Record<string, string>>) => void;
}

/**
 * Runs tests and writes `junit.xml`, `run.json`, `metrics.txt`, `report/index.html` and, in a GitLab job, `annotations.json`.
 * @returns the report, whose `exitStatus` tells how the run went
 * @throws UsageError when no test is meant
 * @throws DaemonError, MissingImageError, DiskImageError, EnvironmentError when no test could be run
 */
export async function runTests(options: RunOptions): Promise<RunReport> {
  const { loaded } = options;
  const { config } = loaded;
  const started = Date.now();
  const testsDirectory = join(config.out, 'tests');
  await makeFolder(testsDirectory);
  const loading = import('./open-vitest.ts'); // takes a while, in which containers find out what there is
  loading.catch(() => undefined); // told below
  using engine = await Engine.connect({ jobId: options.jobId });
  const machine = await inspectMachine();
  const redact = makeRedactor(options.secrets);
  const stored = new StoredResults(config.out);
  const reporter = new RunReporter({ root: options.directory, outDirectory: config.out, testsDirectory }, (test) => {
    const redacted = redactTest(test, redact);
    stored.add(redacted);
    options.onTest(redacted);
  });
  await using opened = new AsyncDisposableStack();
  const left: ErrorReport[] = [];
  opened.defer(async () => void left.push(...(await removeLeft(engine)))); // when Vitest is closed
  const { host, disk, snapshots } = await inspect(engine, options, testsDirectory);
  const workers = config.workers ?? defaultWorkers(machine, host.accel, config.appliance.memoryMiB);
  const { openVitest } = await loading;
  const vitest = await openVitest({ config, root: loaded.root, testName: options.testName, host, workers, reporter });
  opened.defer(() => vitest.close());
  await using scheduler = await SchedulerServer.open({ ...capacityOf(machine, host.accel), testbeds: workers });
  const environment = {
    docker: `${engine.version} at ${engine.address}`,
    accel: `${host.accel} (${host.accelReason})`,
    appliance: relative(options.directory, disk.path),
    files: host.access.kind,
    boot: typeof snapshots === 'string' ? `cold (${snapshots})` : `from snapshots in ${snapshots.directory}`,
    workers: `${String(workers)} (${String(machine.cores)} cores, ${String(machine.availableMiB)} MiB available)`,
  };
  options.onStart(environment);
  const facts = {
    runId: engine.runId,
    jobId: options.jobId,
    config,
    host,
    disk,
    root: loaded.root,
    testsDirectory,
    workers,
    scheduler: scheduler.path,
    ...(typeof snapshots === 'string' ? {} : { snapshots }),
    showSteps: options.showSteps,
    secrets: options.secrets,
  };
  const { artifactRoot = options.directory, jobUrl } = options;
  const outPath = slashes(relative(artifactRoot, config.out)) || '.';
  const head = { alpyVersion: options.alpyVersion, startedAt: new Date(started).toISOString(), environment };
  const job = jobUrl === undefined ? {} : { job: { jobUrl, outPath } };
  const shard = await runVitest(vitest, options, facts, reporter, async (part) => {
    await clearOut(config.out, testsDirectory);
    stored.begin(redactHead({ ...head, ...part, ...job }, redact));
  });
  await opened.disposeAsync();
  const { tests } = reporter;
  const notStored = stored.failure === undefined ? [] : errorReports(stored.failure);
  const partial = { tests, errors: [...reporter.errors, ...left, ...notStored] };
  const whole: RunReport = {
    ...head,
    durationMs: Date.now() - started,
    ...partial,
    exitStatus: exitStatusOf(partial),
    ...(shard === undefined ? {} : { shard }),
    ...job,
  };
  const report = redactReport(whole, redact);
  await writeReports(report, config.out, outPath);
  stored.remove();
  return report;
}

/** @returns which part of the tests was run, when it was not all */
async function runVitest(
  vitest: Vitest,
  options: RunOptions,
  facts: Omit<RunFacts, 'testsPerFile'>,
  reporter: RunReporter,
  begin: (part: Pick<RunReport, 'shard'>) => Promise<void>,
): Promise<ShardReport | undefined> {
  const { signal } = options;
  const cancel = (): void => {
    void vitest.cancelCurrentRun('keyboard-input');
  };
  try {
    const files = await vitest.globTestSpecifications([...options.filters]);
    if (files.length === 0) throw noTests(options);
    const { chosen, report } = inShard(files, options);
    await begin(report === undefined ? {} : { shard: report }); // only now: a mistyped filter must not cost the reports of the last run
    signal.throwIfAborted();
    if (chosen.length === 0) return report; // more shards than files
    const workers = Math.min(facts.workers, chosen.length);
    const testsPerFile = Math.ceil(facts.workers / workers);
    vitest.config.maxConcurrency = testsPerFile; // no sooner is it known how many files there are
    vitest.provide(factsKey, { ...facts, workers, testsPerFile });
    signal.addEventListener('abort', cancel, { once: true });
    await vitest.runTestSpecifications([...chosen]);
    const { testName } = options;
    const isMeant = ({ fullName }: TestReport): boolean => testName?.test(fullName) ?? true; // Vitest skips the others
    if (report === undefined && reporter.errors.length === 0 && !reporter.tests.some(isMeant)) throw noTests(options);
    return report;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Those of `files` that are this shard's, all when there are no shards. */
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
  onStart({ shard: `${String(index)}/${String(total)}, ${String(mine.size)} of ${String(files.length)} test files (by ${by})` });
  return { chosen: files.filter((file) => mine.has(nameOf(file))), report: { index, total, plan: planHash(plan) } };
}

function noTests({ filters, testName, loaded }: RunOptions): UsageError {
  const { include } = loaded.config.tests;
  const meant = [...filters.map((filter) => `"${filter}"`), ...(testName === undefined ? [] : [String(testName)])];
  const what = meant.length === 0 ? 'no test file' : `no test that matches ${meant.join(' or ')}`;
  return new UsageError(`found ${what} among ${include.join(', ')} in ${loaded.root}`);
}

/** Takes away what an earlier run left, but nothing that others may have put beside it. */
async function clearOut(outDirectory: string, testsDirectory: string): Promise<void> {
  try {
    const files = ['junit.xml', 'run.json', 'report', 'metrics.txt', 'annotations.json', storedResultsFile].map((name) =>
      join(outDirectory, name),
    );
    for (const path of [testsDirectory, ...files]) {
      await rm(path, { recursive: true, force: true });
    }
  } catch (cause) {
    throw new EnvironmentError(`cannot clear the output directory ${outDirectory}: ${messageOf(cause)}`, { cause });
  }
  await makeFolder(testsDirectory);
}

async function makeFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((cause: unknown) => {
    throw new EnvironmentError(`cannot make the output directory ${directory}: ${messageOf(cause)}`, { cause });
  });
}

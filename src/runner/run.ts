// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, relative, sep } from 'node:path';
import { createVitest, type Vitest } from 'vitest/node';
import { EnvironmentError, messageOf, UsageError } from '../core/errors.ts';
import { moduleMap, type LoadedConfig } from '../config/index.ts';
import { Engine } from '../docker/index.ts';
import { resolveImages } from '../images/index.ts';
import { exitStatusOf, writeHtml, writeJunit, writeRunJson, type RunReport, type TestReport } from '../report/index.ts';
import { inspectApplianceDisk, inspectHost, timeFactorOf } from '../testbed/index.ts';
import { factsKey, type RunFacts } from './facts.ts';
import { RunReporter } from './reporter.ts';

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
  /** current directory: reports name the output directory relative to it */
  readonly directory: string;
  readonly jobId?: string | undefined;
  /** file that keeps the verdict on KVM */
  readonly accelCacheFile?: string | undefined;
  /** ends the run; reports are written all the same */
  readonly signal: AbortSignal;
  readonly showSteps: boolean;
  /** called with every test as soon as it has ended */
  readonly onTest: (report: TestReport) => void;
  /** called once the machine is known */
  readonly onStart: (environment: Readonly<Record<string, string>>) => void;
}

/** Longest that making and clearing away a testbed may take besides the boot itself, in `ms`. */
const setUpAllowanceMs = 180_000;

/**
 * Runs tests and writes `junit.xml`, `run.json` and `report/index.html`.
 * @returns the report, whose `exitStatus` tells how the run went
 * @throws UsageError when no test file is meant
 * @throws DaemonError, MissingImageError, DiskImageError, EnvironmentError when no test could be run
 */
export async function runTests(options: RunOptions): Promise<RunReport> {
  const { loaded, signal, variables } = options;
  const { config } = loaded;
  const started = Date.now();
  const testsDirectory = join(config.out, 'tests');
  await makeFolder(testsDirectory);
  using engine = await Engine.connect({ jobId: options.jobId });
  const questions = { images: resolveImages(variables, config.images), accel: config.accel, directory: testsDirectory };
  const host = await inspectHost(engine, { ...questions, accelCacheFile: options.accelCacheFile }, signal);
  const disk = await inspectApplianceDisk(engine, host, config.appliance, signal);
  const environment = {
    docker: `${engine.version} at ${engine.address}`,
    accel: `${host.accel} (${host.accelReason})`,
    appliance: relative(options.directory, disk.path),
    files: host.access.kind,
  };
  options.onStart(environment);
  const facts: RunFacts = {
    runId: engine.runId,
    jobId: options.jobId,
    config,
    host,
    disk,
    root: loaded.root,
    testsDirectory,
    showSteps: options.showSteps,
  };
  const reporter = new RunReporter({ root: options.directory, outDirectory: config.out, testsDirectory }, options.onTest);
  await runVitest(options, facts, reporter, () => clearOut(config.out, testsDirectory));
  const { tests, errors } = reporter;
  const partial = { tests, errors };
  const report: RunReport = {
    alpyVersion: options.alpyVersion,
    startedAt: new Date(started).toISOString(),
    durationMs: Date.now() - started,
    environment,
    ...partial,
    exitStatus: exitStatusOf(partial),
  };
  await writeJunit(config.out, report, relative(options.directory, config.out).split(sep).join('/') || '.');
  await writeRunJson(config.out, report);
  await writeHtml(config.out, report);
  return report;
}

async function runVitest(options: RunOptions, facts: RunFacts, reporter: RunReporter, clear: () => Promise<void>): Promise<void> {
  const { signal } = options;
  const vitest = await openVitest(options, facts, reporter);
  const cancel = (): void => {
    void vitest.cancelCurrentRun('keyboard-input');
  };
  try {
    const files = await vitest.globTestSpecifications([...options.filters]);
    if (files.length === 0) throw noTests(options);
    await clear(); // only now: a mistyped filter must not cost the reports of the last run
    signal.throwIfAborted();
    signal.addEventListener('abort', cancel, { once: true });
    await vitest.runTestSpecifications(files);
    if (reporter.tests.length === 0 && reporter.errors.length === 0) throw noTests(options);
  } finally {
    signal.removeEventListener('abort', cancel);
    await vitest.close();
  }
}

async function openVitest({ loaded, testName }: RunOptions, facts: RunFacts, reporter: RunReporter): Promise<Vitest> {
  const { config, root } = loaded;
  const timeFactor = timeFactorOf(facts.host.accel);
  const before = new Map(signals.map((name) => [name, new Set(process.listeners(name))]));
  const vitest = await createVitest(
    {
      root,
      config: false,
      watch: false,
      include: [...config.tests.include],
      exclude: ['**/node_modules/**'],
      reporters: [reporter],
      pool: 'forks',
      isolate: true,
      maxWorkers: config.workers ?? 1,
      retry: config.retries,
      // Vitest counts the making of the testbed as part of the test
      testTimeout: config.tests.timeoutMs * timeFactor + config.appliance.bootTimeoutMs * timeFactor + setUpAllowanceMs,
      hookTimeout: setUpAllowanceMs,
      teardownTimeout: setUpAllowanceMs,
      setupFiles: [join(import.meta.dirname, `worker${extname(import.meta.filename)}`)],
      passWithNoTests: true,
      disableConsoleIntercept: true,
      cache: false,
      // carrot stays TypeScript when alpy is installed, and Node strips no types below node_modules
      server: { deps: { inline: [/\/carrot\/[^/]+\.ts$/] } },
      ...(testName === undefined ? {} : { testNamePattern: testName }),
    },
    {
      envDir: false,
      root,
      cacheDir: join(tmpdir(), 'alpy-vite'), // nothing of ours belongs into a user's node_modules
      clearScreen: false,
      logLevel: 'error',
      resolve: { alias: [...moduleMap()].map(([name, file]) => ({ find: new RegExp(`^${name}$`), replacement: file })) },
    },
  );
  // Vitest would end the process at once; whoever called us cancels the run instead, so that tests clean up
  for (const name of signals) {
    for (const listener of process.listeners(name)) if (before.get(name)?.has(listener) !== true) process.off(name, listener);
  }
  vitest.provide(factsKey, facts);
  return vitest;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function noTests({ filters, testName, loaded }: RunOptions): UsageError {
  const { include } = loaded.config.tests;
  const meant = [...filters.map((filter) => `"${filter}"`), ...(testName === undefined ? [] : [String(testName)])];
  const what = meant.length === 0 ? 'no test file' : `no test that matches ${meant.join(' or ')}`;
  return new UsageError(`found ${what} among ${include.join(', ')} in ${loaded.root}`);
}

/** Takes away what an earlier run left, but nothing that others may have put beside it. */
async function clearOut(outDirectory: string, testsDirectory: string): Promise<void> {
  try {
    const files = ['junit.xml', 'run.json', 'report'].map((name) => join(outDirectory, name));
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

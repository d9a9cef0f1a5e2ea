// SPDX-License-Identifier: GPL-3.0-or-later
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { createVitest, type Reporter, type Vitest } from 'vitest/node';
import { moduleMap, type Config } from '../config/index.ts';
import { cancellingSequencer } from './run-specifications.ts';
import { setUpAllowanceMs } from './set-up-allowance.ts';
import { TestWorkers, type MessageListener } from './test-workers.ts';

export { readTests, runSpecifications } from './run-specifications.ts';

/** Vitest, and its workers. */
export interface OpenedVitest {
  readonly vitest: Vitest;
  readonly testWorkers: TestWorkers;
  /** folder with a random name in which Vitest keeps transformed modules; absent if this version has none */
  readonly temporary?: string | undefined;
}

/** What Vitest runs, and how. */
export interface VitestOptions {
  readonly config: Config;
  /** folder of the tests' files */
  readonly root: string;
  readonly settings: VitestSettings;
  /** in `ms`; 0 for none */
  readonly testTimeoutMs: number;
  /** whether workers prepare for running tests, and not only for collecting them */
  readonly isRun: boolean;
  /** number of tests that run at once */
  readonly workers: number;
  readonly reporter: Reporter;
  /** port on which each worker waits for a debugger, and then stops before the first line of its test file; absent: it does not */
  readonly debugPort?: number | undefined;
  /** takes messages of workers that are not Vitest's; default: they are ignored */
  readonly onMessage?: MessageListener | undefined;
  /** called with the PID of each worker */
  readonly onWorker?: ((pid: number) => void) | undefined;
  /** takes what tests print on their standard output; default: this process's */
  readonly testOutput?: NodeJS.WriteStream | undefined;
  /** cancels the run */
  readonly signal: AbortSignal;
}

/** What users decide about a run. */
export interface VitestSettings {
  /** only tests whose name matches; absent for all */
  readonly testName?: RegExp | undefined;
  /** the run ends after so many failed tests; absent for never */
  readonly bail?: number | undefined;
  /** how often each test is run; default: once */
  readonly repeatEach?: number | undefined;
  /** whether to write the snapshots of `toMatchSnapshot` anew */
  readonly update?: boolean | undefined;
  /** of a random order of the test files and of the tests in each; absent for their usual order */
  readonly seed?: number | undefined;
}

/** Alpy itself needs no transformation: Node runs it as it is. */
const ownFiles = new RegExp(`^${dirname(import.meta.dirname).replace(/[^\w/]/g, '\\$&')}/`);

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Opens Vitest. The caller must close it. */
export async function openVitest(options: VitestOptions): Promise<OpenedVitest> {
  const { config, root, settings, testTimeoutMs, isRun, workers, reporter, signal, testOutput, debugPort } = options;
  const { testName, bail, repeatEach = 1, update = false, seed } = settings;
  const testWorkers = new TestWorkers(options.onMessage, options.onWorker);
  const before = new Map(signals.map((name) => [name, new Set(process.listeners(name))]));
  const vitest = await createVitest(
    {
      root,
      config: false,
      watch: false,
      include: [...config.tests.include],
      exclude: ['**/node_modules/**'],
      reporters: [reporter],
      pool: testWorkers.pool,
      isolate: true,
      maxWorkers: workers,
      sequence: {
        concurrent: config.tests.concurrent,
        setupFiles: 'list',
        sequencer: cancellingSequencer(signal, seed),
        ...(seed === undefined ? {} : { shuffle: true, seed }),
      },
      retry: config.retries,
      repeats: repeatEach - 1,
      update,
      includeTaskLocation: true,
      testTimeout: testTimeoutMs,
      hookTimeout: debugPort === undefined ? setUpAllowanceMs : 0,
      ...(debugPort === undefined ? {} : { inspectBrk: `127.0.0.1:${debugPort}` }),
      teardownTimeout: setUpAllowanceMs,
      setupFiles: isRun ? ['warm-up', 'worker'].map(ownFile) : [],
      passWithNoTests: false, // a file without tests is an error
      disableConsoleIntercept: true,
      cache: false,
      fsModuleCache: false, // it would be in the user's node_modules
      server: { deps: { external: [ownFiles] } },
      ...(testName === undefined ? {} : { testNamePattern: testName }),
      ...(bail === undefined ? {} : { bail }),
    },
    {
      envDir: false,
      root,
      cacheDir: join(tmpdir(), 'alpy-vite'), // keeps alpy's files out of the user's node_modules
      clearScreen: false,
      logLevel: 'error',
      resolve: { alias: [...moduleMap()].map(([name, file]) => ({ find: new RegExp(`^${name}$`), replacement: file })) },
    },
    testOutput === undefined ? {} : { stdout: testOutput },
  );
  // Vitest would end the process at once; the caller cancels the run instead, so that tests clean up
  for (const name of signals) {
    for (const listener of process.listeners(name)) if (before.get(name)?.has(listener) !== true) process.off(name, listener);
  }
  const temporary: unknown = Reflect.get(vitest, '_tmpDir'); // private; a killed run would leave it
  return { vitest, testWorkers, ...(typeof temporary === 'string' ? { temporary } : {}) };
}

function ownFile(name: string): string {
  return join(import.meta.dirname, `${name}${extname(import.meta.filename)}`);
}

// SPDX-License-Identifier: GPL-3.0-or-later
// Loaded only when `alpy run` is used.
import { loadConfig, updateEditorFiles, type LoadedConfig } from '../../config/index.ts';
import { messageOf } from '../../core/errors.ts';
import { escapeControls } from '../../report/text.ts';
import { secretsOf } from '../../core/redact.ts';
import { valueOf } from '../../core/variables.ts';
import {
  listTests,
  parseShard,
  readDurations,
  readLastFailed,
  runTests,
  seedOf,
  shardOf,
  type Selection,
  type WatchOptions,
} from '../../runner/index.ts';
import { alpyVersion } from '../../version.ts';
import { accelCacheFile, diskCacheFile, snapshotDirectory, unpackedDirectory } from '../cache.ts';
import type { CliIo } from '../io.ts';
import { jobIdOf } from '../job-id.ts';
import { shardDurations } from './durations.ts';
import type { RunArguments } from './options.ts';
import { prepareDebugging } from './debug.ts';
import { assertInteractive } from './interactive-options.ts';
import { openShow, type Show } from './show.ts';
import { testNameOf } from './select-options.ts';

/** Runs tests as the command line says, prints the results and sets the exit status. */
export async function run(io: CliIo, args: RunArguments): Promise<void> {
  const loaded = await loadConfigFor(io, args);
  const selection = await selectionOf(args, loaded);
  if (args.list) {
    await list(io, loaded, selection);
    return;
  }
  await updateEditorFiles(loaded.root).catch((error: unknown) => {
    io.stderr(`the types that editors see may be out of date: ${messageOf(error)}`);
  });
  const shard = args.shard === undefined ? shardOf(io.env) : parseShard(args.shard);
  const durations =
    args.durations === undefined ? await shardDurations(io, shard?.total ?? 1) : await readDurations(args.durations);
  const secrets = secretsOf(io.env);
  for (const option of ['pause-on-failure', 'watch'] as const) if (args[option]) assertInteractive(io, `--${option}`);
  const rounds: Rounds = { show: await openShow(io, args, loaded), isEndShown: false, isRestarted: false };
  await using _show = { [Symbol.asyncDispose]: () => rounds.show[Symbol.asyncDispose]() };
  const pause = args['pause-on-failure']
    ? await (await import('./pause.ts')).pauseOptions(io, args, () => rounds.show)
    : undefined;
  const watch = args.watch ? await watchWith(io, args, loaded, rounds) : undefined;
  const report = await runTests({
    loaded,
    selection,
    settings: {
      bail: args.bail,
      repeatEach: args['repeat-each'],
      update: args.update,
      seed: seedOf(loaded.config.tests.shuffle),
    },
    variables: io.env,
    alpyVersion,
    directory: io.directory,
    artifactRoot: valueOf(io.env, 'CI_PROJECT_DIR'),
    jobId: jobIdOf(io.env),
    secrets,
    jobUrl: valueOf(io.env, 'CI_JOB_URL'),
    shard,
    durations,
    snapshotDirectory: snapshotDirectory(io.env, loaded.config.snapshots.directory),
    accelCacheFile: accelCacheFile(io.env),
    diskCacheFile: diskCacheFile(io.env),
    unpackedDirectory: unpackedDirectory(io.env),
    signal: io.signal,
    showSteps: rounds.show.showSteps,
    testOutput: rounds.show.testOutput,
    onStart: rounds.show.onFacts,
    onActivity: rounds.show.onActivity && ((activity) => rounds.show.onActivity?.(activity)),
    onTest: (test) => {
      rounds.show.onTest(test);
    },
    watch,
    pause,
    debugPort: args.debug ? await prepareDebugging(io) : undefined,
    onWait: io.stderr,
  });
  if (rounds.isRestarted && !io.signal.aborted) {
    await run(io, args);
    return;
  }
  if (!rounds.isEndShown) await rounds.show.end(report);
  io.exitWith(report.exitStatus);
}

/** The rounds of `--watch`. Other runs have one. */
interface Rounds {
  /** output of the current round */
  show: Show;
  isEndShown: boolean;
  /** whether the run must begin again, with a changed configuration */
  isRestarted: boolean;
}

async function watchWith(io: CliIo, args: RunArguments, loaded: LoadedConfig, rounds: Rounds): Promise<WatchOptions> {
  const { watchOptions } = await import('./watch.ts');
  return watchOptions(io, {
    end: async (report) => {
      rounds.isEndShown = true;
      await rounds.show.end(report);
    },
    begin: async () => {
      rounds.show = await openShow(io, args, loaded);
      rounds.isEndShown = false;
    },
    configFile: loaded.file,
    checkConfig: () => loadConfigFor(io, args),
    restart: () => {
      rounds.isRestarted = true;
    },
  });
}

async function selectionOf(args: RunArguments, { config }: LoadedConfig): Promise<Selection> {
  return {
    filters: args.filter ?? [],
    testName: testNameOf(args.grep, args['grep-invert']),
    ...(args['last-failed'] ? { only: await readLastFailed(config.out) } : {}),
  };
}

/** Prints the tests that match: `tests/a.test.ts:12 > a router > forwards IPv4`. */
async function list(io: CliIo, loaded: LoadedConfig, selection: Selection): Promise<void> {
  const tests = await listTests({ loaded, selection, directory: io.directory, signal: io.signal });
  for (const { file, line, fullName } of tests)
    io.stdout(escapeControls(`${file}${line === undefined ? '' : `:${line}`} > ${fullName}`));
  const files = new Set(tests.map(({ file }) => file)).size;
  io.stdout(`${tests.length} ${tests.length === 1 ? 'test' : 'tests'} in ${files} ${files === 1 ? 'file' : 'files'}`);
}

/** The configuration, with the values that options override. */
function loadConfigFor(io: CliIo, args: RunArguments): Promise<LoadedConfig> {
  const { concurrent, shuffle, retries, accel, boot, image, out, timeout: timeoutMs } = args;
  const { 'fail-on-flaky': failOnFlaky, 'retry-environment': retryEnvironment } = args;
  const workers = args['pause-on-failure'] || args.debug ? 1 : args.workers; // the user looks at one test at a time
  const appliance = image === undefined ? {} : { appliance: { image } };
  const flags = {
    workers,
    retries,
    retryEnvironment,
    failOnFlaky,
    accel,
    boot,
    out,
    tests: { concurrent, shuffle, timeoutMs },
    ...appliance,
  };
  return loadConfig({ directory: io.directory, file: args.config, variables: io.env, flags });
}

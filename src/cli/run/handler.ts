// SPDX-License-Identifier: GPL-3.0-or-later
// Loaded only when `alpy run` is used.
import { loadConfig, type LoadedConfig } from '../../config/index.ts';
import { secretsOf } from '../../core/redact.ts';
import { valueOf } from '../../core/variables.ts';
import { parseShard, readDurations, runTests, shardOf } from '../../runner/index.ts';
import { alpyVersion } from '../../version.ts';
import { accelCacheFile, diskCacheFile, snapshotDirectory } from '../cache.ts';
import type { CliIo } from '../io.ts';
import { jobIdOf } from '../job-id.ts';
import { shardDurations } from './durations.ts';
import type { RunArguments } from './options.ts';
import { openShow } from './show.ts';
import { assertNoLine, regExpOf } from './select-options.ts';

/** Runs tests as the command line says, prints the results and sets the exit status. */
export async function run(io: CliIo, args: RunArguments): Promise<void> {
  for (const filter of args.filter ?? []) assertNoLine(filter);
  const loaded = await loadConfigFor(io, args);
  const shard = args.shard === undefined ? shardOf(io.env) : parseShard(args.shard);
  const durations =
    args.durations === undefined ? await shardDurations(io, shard?.total ?? 1) : await readDurations(args.durations);
  const secrets = secretsOf(io.env);
  await using show = await openShow(io, args, loaded);
  const report = await runTests({
    loaded,
    filters: args.filter ?? [],
    testName: args['test-name'] === undefined ? undefined : regExpOf(args['test-name']),
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
    signal: io.signal,
    showSteps: show.showSteps,
    testOutput: show.testOutput,
    onStart: show.onFacts,
    onActivity: show.onActivity,
    onTest: show.onTest,
    onWait: io.stderr,
  });
  await show.end(report);
  io.exitWith(report.exitStatus);
}

/** The configuration, with the values that options override. */
function loadConfigFor(io: CliIo, args: RunArguments): Promise<LoadedConfig> {
  const { workers, concurrent, retries, accel, boot, image, out } = args;
  const appliance = image === undefined ? {} : { appliance: { image } };
  const flags = { workers, retries, accel, boot, out, tests: { concurrent }, ...appliance };
  return loadConfig({ directory: io.directory, file: args.config, variables: io.env, flags });
}

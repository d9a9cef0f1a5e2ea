// SPDX-License-Identifier: GPL-3.0-or-later
import { relative } from 'node:path';
import type { CommandModule } from 'yargs';
import { messageOf, UsageError } from '../core/errors.ts';
import { makeRedactor, secretsOf } from '../core/redact.ts';
import { valueOf } from '../core/variables.ts';
import { alpyVersion } from '../version.ts';
import { accelCacheFile, diskCacheFile, snapshotDirectory } from './cache.ts';
import { configOption, type CliIo } from './io.ts';
import { jobIdOf } from './job-id.ts';

interface RunArguments {
  readonly filter?: readonly string[] | undefined;
  readonly config?: string | undefined;
  readonly testName?: string | undefined;
  readonly workers?: number | undefined;
  readonly concurrent?: boolean | undefined;
  readonly retries?: number | undefined;
  readonly accel?: 'auto' | 'kvm' | 'tcg' | undefined;
  readonly boot?: 'cold' | 'snapshot' | undefined;
  readonly image?: string | undefined;
  readonly out?: string | undefined;
  readonly shard?: string | undefined;
  readonly durations?: string | undefined;
  readonly quiet: boolean;
}

/** `alpy run` */
export const runCommand = (io: CliIo): CommandModule<object, RunArguments> => ({
  command: 'run [filter..]',
  describe: 'Run tests',
  builder: (yargs) =>
    yargs
      .positional('filter', {
        type: 'string',
        array: true,
        describe: 'part of the name of a test file; repeatable; any match counts',
      })
      .options({
        ...configOption,
        'test-name': {
          type: 'string',
          alias: 't',
          requiresArg: true,
          describe: 'only tests whose name matches this regular expression',
        },
        workers: { type: 'number', requiresArg: true, describe: 'how many test files run at the same time' },
        concurrent: { type: 'boolean', describe: 'also run the tests of one file at the same time' },
        retries: { type: 'number', requiresArg: true, describe: 'how often to retry a test that failed' },
        accel: { choices: ['auto', 'kvm', 'tcg'] as const, requiresArg: true, describe: 'QEMU accelerator' },
        boot: {
          choices: ['cold', 'snapshot'] as const,
          requiresArg: true,
          describe: 'boot the guest for each test, or restore it from a snapshot',
        },
        image: { type: 'string', requiresArg: true, describe: 'disk image of the appliance' },
        out: { type: 'string', requiresArg: true, describe: 'output directory' },
        shard: {
          type: 'string',
          requiresArg: true,
          describe: 'part of the test files, like 2/5; default: CI_NODE_INDEX/CI_NODE_TOTAL',
        },
        durations: {
          type: 'string',
          requiresArg: true,
          describe: 'run.json of an earlier run, or JSON {"test file": seconds}, to balance the shards',
        },
        quiet: { type: 'boolean', default: false, describe: 'do not show the steps of the tests' },
      }),
  handler: async (args) => {
    const [{ loadConfig }, { parseShard, readDurations, runTests, shardOf }, { jobOutput, terminalOutput }] = await Promise.all([
      import('../config/index.ts'),
      import('../runner/index.ts'),
      import('./run-output.ts'),
    ]);
    for (const filter of args.filter ?? []) assertNoLine(filter);
    const { workers, concurrent, retries, accel, boot, image, out } = args;
    const appliance = image === undefined ? {} : { appliance: { image } };
    const flags = { workers, retries, accel, boot, out, tests: { concurrent }, ...appliance };
    const loaded = await loadConfig({ directory: io.directory, file: args.config, variables: io.env, flags });
    const shard = args.shard === undefined ? shardOf(io.env) : parseShard(args.shard);
    const durations =
      args.durations === undefined ? await shardDurations(io, shard?.total ?? 1) : await readDurations(args.durations);
    const isGitLabJob = valueOf(io.env, 'CI_JOB_ID') !== undefined;
    const secrets = secretsOf(io.env);
    const output = isGitLabJob ? jobOutput(io.stdout, loaded.config.out, makeRedactor(secrets)) : terminalOutput(io.stdout);
    const report = await runTests({
      loaded,
      filters: args.filter ?? [],
      testName: args.testName === undefined ? undefined : regExpOf(args.testName),
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
      showSteps: !args.quiet && !isGitLabJob, // the log of a job shows them when the test has ended
      onStart: (environment) => {
        for (const [name, value] of Object.entries(environment)) output.fact(name, value);
      },
      onTest: output.test,
      onWait: io.stderr,
    });
    const outPath = relative(io.directory, loaded.config.out) || '.';
    await output.end(report, outPath);
    io.exitWith(report.exitStatus);
  },
});

/** How long each test file took in the last pipeline. Prints why and returns `undefined` if GitLab does not provide it. */
async function shardDurations(io: CliIo, total: number): Promise<ReadonlyMap<string, number> | undefined> {
  if (total === 1) return undefined;
  const { GitLabApi, GitLabError, jobContext, tokenOf } = await import('../gitlab/index.ts');
  const [context, token] = [jobContext(io.env), tokenOf(io.env)];
  if (context === undefined || token === undefined) return undefined;
  try {
    return await new GitLabApi(context, token).pipelineTestDurations(io.signal);
  } catch (error) {
    if (!(error instanceof GitLabError)) throw error;
    io.stdout(`shards are balanced by the number of test files: ${error.message}`);
    return undefined;
  }
}

/** @throws UsageError if a filter names a line, as `tests/a.test.ts:3` does */
function assertNoLine(filter: string): void {
  const [, file, line] = /^(.+?):(\d+)(?::\d+)?$/.exec(filter) ?? [];
  if (file === undefined || line === undefined) return;
  throw new UsageError(
    `expected part of the name of a test file, got ${JSON.stringify(filter)}: alpy cannot choose a test by its line yet. Use alpy run ${file}, or alpy run ${file} -t 'NAME OF THE TEST'`,
  );
}

function regExpOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new UsageError(`--test-name: ${messageOf(cause)}`, { cause });
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { AlpyError, messageOf } from '../core/errors.ts';
import { makeRedactor, secretsOf } from '../core/redact.ts';
import type { Outcome, StageIo, DriverContext } from '../gitlab/executor/index.ts';
import { alpyVersion } from '../version.ts';
import { accelCacheFile } from './cache.ts';
import { installCommand } from './executor-install.ts';
import type { CliIo } from './io.ts';
import { ownProgram } from './session.ts';
import { settingsOption } from './settings-option.ts';

interface StageArguments {
  readonly settings: string;
}

/** What a stage of the driver does. */
type Stage = (gitlab: typeof import('../gitlab/executor/index.ts'), context: DriverContext, io: StageIo) => Promise<Outcome>;

/** `alpy executor`: the driver of GitLab Runner's custom executor. */
export const executorCommand = (io: CliIo): CommandModule => ({
  command: 'executor',
  describe: "Act as the driver of GitLab Runner's custom executor, which gives every job a testbed",
  builder: (yargs) =>
    yargs
      .command(configStage(io))
      .command(prepareStage(io))
      .command(runStage(io))
      .command(cleanupStage(io))
      .command(installCommand(io))
      .demandCommand(1, 'expected a stage, got none. GitLab Runner calls config, prepare, run and cleanup; you call install'),
  handler: () => undefined,
});

const configStage = (io: CliIo): CommandModule<object, StageArguments> => ({
  command: 'config',
  describe: 'Tell the runner which folders the job uses',
  builder: (yargs) => yargs.options(settingsOption(io)),
  handler: ({ settings }) =>
    stage(io, settings, async ({ jobPaths }, context) => {
      const { builds, cache } = jobPaths(context.settings, context.job);
      const answer = {
        builds_dir: builds,
        cache_dir: cache,
        builds_dir_is_shared: false, // every job has its own
        driver: { name: 'alpy', version: alpyVersion },
      };
      io.stdout(JSON.stringify(answer));
      return Promise.resolve({ kind: 'success' });
    }),
});

const prepareStage = (io: CliIo): CommandModule<object, StageArguments> => ({
  command: 'prepare',
  describe: "Pull the job's images and create its testbed",
  builder: (yargs) => yargs.options(settingsOption(io)),
  handler: ({ settings }) =>
    stage(io, settings, async ({ prepareJob }, context, stageIo) => {
      await prepareJob(context, stageIo);
      return { kind: 'success' };
    }),
});

const runStage = (io: CliIo): CommandModule<object, StageArguments & { readonly script: string; readonly stage: string }> => ({
  command: 'run <script> <stage>',
  describe: 'Run a script that the runner wrote',
  builder: (yargs) =>
    yargs.options(settingsOption(io)).positional('script', { type: 'string', demandOption: true }).positional('stage', {
      type: 'string',
      demandOption: true,
      describe: "the runner's name for the script, such as build_script",
    }),
  handler: ({ settings, script, stage: name }) =>
    stage(io, settings, ({ runStage: run }, context, stageIo) =>
      run(context, resolve(io.directory, script), name, {
        ...stageIo,
        stdout: (data) => process.stdout.write(data),
        stderr: (data) => process.stderr.write(data),
      }),
    ),
});

const cleanupStage = (io: CliIo): CommandModule<object, StageArguments> => ({
  command: 'cleanup',
  describe: 'Remove everything that the job left',
  builder: (yargs) => yargs.options(settingsOption(io)),
  handler: ({ settings }) =>
    stage(io, settings, async ({ cleanUpJob }, context, { signal }) => {
      await cleanUpJob(context, signal);
      return { kind: 'success' };
    }),
});

/** Runs a stage and reports its outcome in the exit statuses that the runner defines, which differ from those of other commands. */
async function stage(io: CliIo, file: string, act: Stage): Promise<void> {
  const gitlab = await import('../gitlab/executor/index.ts');
  let outcome: Outcome;
  try {
    const [settings, job] = await Promise.all([gitlab.loadSettings(resolve(io.directory, file)), gitlab.readJob(io.env)]);
    const context = { settings, job, env: io.env, accelCacheFile: accelCacheFile(io.env) };
    outcome = await act(gitlab, context, { log: io.stdout, signal: io.signal, serverCommand: ownProgram('keep') });
  } catch (error) {
    if (io.signal.aborted) return; // the runner stopped us, and needs no report
    const isOurs = !(error instanceof AlpyError) || error.fault === 'bug';
    const text = isOurs && error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
    io.stderr(makeRedactor(secretsOf(io.env))(`alpy: ${text}`));
    outcome = gitlab.outcomeOfError(error);
  }
  io.exitWith(await gitlab.reportOutcome(outcome, io.env));
}

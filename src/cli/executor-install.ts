// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { UsageError } from '../core/errors.ts';
import { hasFailure } from '../doctor/finding.ts';
import type { RunnerEntry } from '../gitlab/executor/index.ts';
import { printFindings } from './findings.ts';
import type { CliIo } from './io.ts';
import { ownProgram } from './session.ts';
import { settingsOption } from './settings-option.ts';

interface InstallArguments {
  readonly settings: string;
  readonly 'runner-config': string;
  readonly name?: string | undefined;
  readonly check: boolean;
  readonly print: boolean;
  readonly smoke: boolean;
}

/** `alpy executor install` */
export const installCommand = (io: CliIo): CommandModule<object, InstallArguments> => ({
  command: 'install',
  describe: "Make alpy the driver of a runner: write its settings and its part of GitLab Runner's config.toml, then check both",
  builder: (yargs) =>
    yargs.options({
      ...settingsOption(io, "the driver's settings; created if missing"),
      'runner-config': {
        type: 'string',
        requiresArg: true,
        default: '/etc/gitlab-runner/config.toml',
        describe: "GitLab Runner's configuration",
      },
      name: { type: 'string', requiresArg: true, describe: 'name of the runner; default: the one with the custom executor' },
      check: { type: 'boolean', default: false, describe: 'write nothing; exit with status 2 if something is wrong' },
      print: { type: 'boolean', default: false, describe: 'write nothing; print the part of config.toml to paste' },
      smoke: { type: 'boolean', default: false, describe: 'run a job with a tiny guest through all stages of the driver' },
    }),
  handler: async (args) => {
    if (args.print && (args.check || args.smoke))
      throw new UsageError('expected --print alone, got it with --check or --smoke. Omit one of them');
    const gitlab = await import('../gitlab/executor/index.ts');
    const program = ownProgram('executor');
    const settings = resolve(io.directory, args.settings);
    const runnerConfig = resolve(io.directory, args['runner-config']);
    if (args.print) {
      const { root } = existsSync(settings) ? await gitlab.loadSettings(settings) : gitlab.defaultSettings(settings);
      io.stdout(gitlab.configExcerpt(gitlab.requiredKeys({ root, file: settings }, program)));
      return;
    }
    const installation = { runnerConfig, name: args.name, settings, program };
    if (!args.check) {
      const done = await gitlab.install(installation);
      for (const line of done) io.stdout(line);
      io.stdout(done.length > 0 ? 'GitLab Runner reloads its file automatically' : 'nothing to do');
    }
    const { checkRunner } = await import('../doctor/runner.ts');
    const { runner } = await gitlab.readRunner(installation);
    const proposal = args.check ? undefined : gitlab.timeoutSuggestion(runner);
    if (proposal !== undefined) io.stdout(proposal);
    const findings = await checkRunner({ runner, settingsFile: settings, program });
    printFindings(io, findings);
    const isFine = !hasFailure(findings);
    if (args.smoke && !isFine) io.stdout('no job was run: fix the failures above first');
    const isReady = isFine && (!args.smoke || (await hasSmokeJobPassed(io, runner, settings)));
    io.stdout(verdict(isReady, args.smoke));
    io.exitWith(isReady ? 0 : args.check ? 2 : 3);
  },
});

function verdict(isReady: boolean, hasRunJob: boolean): string {
  if (!isReady) return 'the runner cannot take jobs yet';
  if (hasRunJob) return 'the runner can take jobs: it ran one';
  return 'all checks passed. To run a job too: alpy executor install --check --smoke';
}

/** Runs a job and prints its log and failure. @returns whether it passed */
async function hasSmokeJobPassed(io: CliIo, runner: RunnerEntry, settingsFile: string): Promise<boolean> {
  const [{ loadSettings, runSmokeJob }, { servicePath }] = await Promise.all([
    import('../gitlab/executor/index.ts'),
    import('../doctor/programs.ts'),
  ]);
  const failure = await runSmokeJob({
    runner,
    settings: await loadSettings(settingsFile),
    env: { ...io.env, PATH: servicePath.join(delimiter) },
    log: io.stdout,
    signal: io.signal,
  });
  if (!failure) return true;
  const remedy = 'see docs/executor.md, When something is wrong';
  printFindings(io, [{ name: `smoke job: ${failure.stage}`, result: 'failure', text: failure.reason, remedy }]);
  return false;
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { UsageError } from '../core/errors.ts';
import type { Finding } from '../testbed/doctor.ts';
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
}

/** `alpy executor install` */
export const installCommand = (io: CliIo): CommandModule<object, InstallArguments> => ({
  command: 'install',
  describe: "Make alpy the driver of a runner: write its settings and its part of GitLab Runner's config.toml, and check both",
  builder: (yargs) =>
    yargs.options({
      ...settingsOption(io, "the driver's settings; written when it is not there"),
      'runner-config': {
        type: 'string',
        requiresArg: true,
        default: '/etc/gitlab-runner/config.toml',
        describe: "GitLab Runner's configuration",
      },
      name: { type: 'string', requiresArg: true, describe: 'which runner; default: the one with the custom executor' },
      check: { type: 'boolean', default: false, describe: 'write nothing; exit status 2 when something is wrong' },
      print: { type: 'boolean', default: false, describe: 'write nothing; print the part of config.toml, for pasting' },
    }),
  handler: async (args) => {
    if (args.check && args.print) throw new UsageError('--check and --print: wanted is one of them');
    const gitlab = await import('../gitlab/executor/index.ts');
    const program = ownProgram('executor');
    const settings = resolve(io.directory, args.settings);
    const runnerConfig = resolve(io.directory, args['runner-config']);
    if (args.print) {
      const { root } = existsSync(settings) ? await gitlab.loadSettings(settings) : gitlab.defaultSettings(settings);
      io.stdout(gitlab.printedPart(gitlab.wantedKeys({ root, file: settings }, program)));
      return;
    }
    const installation = { runnerConfig, name: args.name, settings, program };
    if (!args.check) {
      const done = await gitlab.install(installation);
      for (const line of done) io.stdout(line);
      io.stdout(done.length > 0 ? 'GitLab Runner reads its file anew by itself' : 'nothing to do');
    }
    const [{ checkRunner }, { runner }] = await Promise.all([import('./executor-check.ts'), gitlab.readRunner(installation)]);
    const proposal = args.check ? undefined : gitlab.timeoutProposal(runner);
    if (proposal !== undefined) io.stdout(proposal);
    io.exitWith(tell(io, await checkRunner({ runner, settingsFile: settings, program }), args.check ? 2 : 3));
  },
});

/** @returns the exit status */
function tell(io: CliIo, findings: readonly Finding[], statusOfFailure: number): number {
  printFindings(io, findings);
  const isReady = findings.every(({ result }) => result !== 'failure');
  io.stdout(isReady ? 'the runner can take jobs' : 'the runner cannot take jobs yet');
  return isReady ? 0 : statusOfFailure;
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { EnvironmentError, UsageError } from '../core/errors.ts';
import type { CliIo } from './io.ts';

/** `alpy publish` */
export const publishCommand = (
  io: CliIo,
): CommandModule<object, { readonly out?: string | undefined; readonly name?: string | undefined }> => ({
  command: 'publish [out]',
  describe: 'In a GitLab job: show the results of alpy run on the merge request and as a commit status',
  builder: (yargs) =>
    yargs
      .positional('out', {
        type: 'string',
        default: 'alpy-out',
        describe: 'output directory of alpy run, or one that contains those of all shards',
      })
      .options({
        name: {
          type: 'string',
          requiresArg: true,
          describe: 'name of the note, if there are several; default: the name of the job',
        },
      }),
  handler: async ({ out = 'alpy-out', name }) => {
    const [{ jobContext, publishResults, readResults, tokenOf }, { shardProblem }] = await Promise.all([
      import('../gitlab/index.ts'),
      import('../report/index.ts'),
    ]);
    const context = jobContext(io.env);
    if (context === undefined) {
      throw new UsageError(
        'alpy publish works only in a GitLab job: expected CI_API_V4_URL, CI_PROJECT_ID and CI_JOB_ID, but some are not set',
      );
    }
    const jobs = await readResults(resolve(io.directory, out), context.jobUrl ?? '');
    await publishResults({
      name: name ?? context.jobName,
      jobs,
      context,
      token: tokenOf(io.env),
      onLine: io.stdout,
      signal: io.signal,
    });
    const problem = shardProblem(jobs.map(({ report }) => report));
    if (problem !== undefined) throw new EnvironmentError(problem);
  },
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { relative, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { slashes } from '../core/text.ts';
import { valueOf } from '../core/variables.ts';
import type { CliIo } from './io.ts';

interface ReportArguments {
  readonly action?: string | undefined;
  readonly folders?: readonly string[] | undefined;
  readonly out: string;
}

/** `alpy report` */
export const reportCommand = (io: CliIo): CommandModule<object, ReportArguments> => ({
  command: 'report <action> <folders..>',
  describe: 'Merge the outputs of shards into one report',
  builder: (yargs) =>
    yargs
      .positional('action', { choices: ['merge'] as const, demandOption: true })
      .positional('folders', { type: 'string', array: true, demandOption: true, describe: 'output directory of each shard' })
      .options({
        out: {
          type: 'string',
          default: 'alpy-out',
          requiresArg: true,
          describe: 'output directory; it may contain those of the shards',
        },
      }),
  handler: async ({ folders = [], out: outOption }) => {
    const { mergeOutputs, summaryLines } = await import('../report/index.ts');
    const out = resolve(io.directory, outOption);
    const outPath = slashes(relative(valueOf(io.env, 'CI_PROJECT_DIR') ?? io.directory, out)) || '.';
    const jobUrl = valueOf(io.env, 'CI_JOB_URL');
    const merged = await mergeOutputs({
      directories: folders.map((folder) => resolve(io.directory, folder)),
      out,
      outPath,
      ...(jobUrl === undefined ? {} : { job: { jobUrl, outPath } }),
    });
    for (const line of summaryLines(merged, relative(io.directory, out) || '.')) io.stdout(line);
    io.exitWith(merged.exitStatus);
  },
});

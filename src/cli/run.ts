// SPDX-License-Identifier: GPL-3.0-or-later
import type { CommandModule } from 'yargs';
import type { CliIo } from './io.ts';
import { optionGroups, runOptions, type RunArguments } from './run/options.ts';

/** `alpy run` */
export const runCommand = (io: CliIo): CommandModule<object, RunArguments> => ({
  command: 'run [filter..]',
  describe: 'Run tests',
  builder: (yargs) => {
    for (const { heading, options } of optionGroups) yargs.group(Object.keys(options), heading);
    return yargs
      .positional('filter', {
        type: 'string',
        array: true,
        describe: 'part of the name of a test file, or FILE:LINE; repeatable',
      })
      .options(runOptions);
  },
  handler: async (args) => {
    const { run } = await import('./run/handler.ts');
    await run(io, args);
  },
});

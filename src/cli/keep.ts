// SPDX-License-Identifier: GPL-3.0-or-later
import type { CommandModule } from 'yargs';
import type { CliIo } from './io.ts';

/** `alpy keep`: the process that holds a testbed for `alpy up` and for the executor. Not for users. */
export const keepCommand = (io: CliIo): CommandModule<object, { readonly directory: string }> => ({
  command: 'keep <directory>',
  describe: false,
  builder: (yargs) => yargs.positional('directory', { type: 'string', demandOption: true }),
  handler: async ({ directory }) => {
    const { runSessionServer } = await import('../session/index.ts');
    await runSessionServer(directory, io.signal);
  },
});

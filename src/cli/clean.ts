// SPDX-License-Identifier: GPL-3.0-or-later
import type { CommandModule } from 'yargs';
import { connectEngine } from './engine.ts';
import type { CliIo } from './io.ts';

/** `alpy clean` */
export const cleanCommand = (io: CliIo): CommandModule<object, { readonly run?: string | undefined }> => ({
  command: 'clean',
  describe: 'Remove containers that a crash of the machine or of its Docker daemon left',
  builder: (yargs) =>
    yargs.option('run', { type: 'string', requiresArg: true, describe: 'only those of the run with this identifier' }),
  handler: async ({ run }) => {
    const [{ removeLeftovers }, { removeDeadSchedulers }] = await Promise.all([
      import('../docker/index.ts'),
      import('../runner/index.ts'),
    ]);
    const files = removeDeadSchedulers();
    using engine = await connectEngine(io);
    const removed = [...files, ...(await removeLeftovers(engine, run, io.signal))];
    for (const name of removed) io.stdout(`removed ${name}`);
    io.stdout(removed.length === 0 ? 'nothing to remove' : `${String(removed.length)} removed`);
  },
});

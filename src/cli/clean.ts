// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { messageOf } from '../core/errors.ts';
import { unpackedImages } from './cache.ts';
import { connectEngine } from './engine.ts';
import type { CliIo } from './io.ts';
import { settingsOption } from './settings-option.ts';

interface CleanArguments {
  readonly run?: string | undefined;
  readonly settings: string;
}

/** `alpy clean` */
export const cleanCommand = (io: CliIo): CommandModule<object, CleanArguments> => ({
  command: 'clean',
  describe: 'Remove containers and folders of CI jobs that are left over from a crash of the machine or of its Docker daemon',
  builder: (yargs) =>
    yargs.options({
      ...settingsOption(io, "settings of the executor's driver; folders of jobs below its root are removed if the file exists"),
      run: { type: 'string', requiresArg: true, describe: 'only containers of the run with this identifier' },
    }),
  handler: async ({ run, settings }) => {
    const [{ removeLeftovers }, { removeDeadSchedulers }] = await Promise.all([
      import('../docker/index.ts'),
      import('../runner/index.ts'),
    ]);
    const unpacked = await unpackedImages(io);
    const files = [...removeDeadSchedulers(), ...unpacked.removeDead()];
    using engine = await connectEngine(io);
    const containers = await removeLeftovers(engine, run, io.signal);
    const jobs = run === undefined ? await cleanJobs(io, resolve(io.directory, settings)) : [];
    const all = [...files, ...containers, ...jobs];
    for (const name of all) io.stdout(`removed ${name}`);
    io.stdout(all.length === 0 ? 'nothing to remove' : `${all.length} removed`);
  },
});

/** Removes folders of the executor's jobs that no longer run. @returns a line for each */
async function cleanJobs(io: CliIo, file: string): Promise<readonly string[]> {
  if (!existsSync(file)) return [];
  const { loadSettings, removeDeadJobs } = await import('../gitlab/executor/index.ts');
  try {
    const removed = await removeDeadJobs({ settings: await loadSettings(file), env: io.env }, io.signal);
    return removed.map((key) => `the folders of job ${key}`);
  } catch (error) {
    io.signal.throwIfAborted();
    if (process.getuid?.() === 0) throw error;
    io.stderr(`skipped folders of CI jobs: ${messageOf(error)}`); // they may belong to another user
    return [];
  }
}

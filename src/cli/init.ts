// SPDX-License-Identifier: GPL-3.0-or-later
import type { CommandModule } from 'yargs';
import { UsageError } from '../core/errors.ts';
import type { InitArguments } from './init-arguments.ts';
import type { CliIo } from './io.ts';
import { durationMs, wholeNumberOption } from './options.ts';
import { assertNoneExists, writeProject } from './project.ts';

/** `alpy init` */
export const initCommand = (io: CliIo): CommandModule<object, InitArguments> => ({
  command: 'init',
  describe: 'Write a configuration, a first test and a pipeline to this directory; with --image, find out how an image boots',
  builder: (yargs) =>
    yargs.options({
      image: {
        type: 'string',
        requiresArg: true,
        describe: 'boot this disk image, find out what it needs, and write a configuration that works',
      },
      firmware: { type: 'string', requiresArg: true, describe: 'firmware file that boots it, also without a disk image' },
      user: { type: 'string', requiresArg: true, describe: 'who logs in; default: ask on the terminal' },
      password: {
        type: 'string',
        describe: 'password of that user, which is written to alpy.yaml; or set ALPY_APPLIANCE_LOGIN_PASSWORD, which is not',
      },
      memory: wholeNumberOption('--memory', 32, 'memory to begin with, in MiB; default: 512'),
      'boot-timeout': {
        type: 'string',
        requiresArg: true,
        describe: 'how long one boot may take with KVM, such as 90s or 5m; default: 3m',
        coerce: (value: unknown) => durationMs('--boot-timeout', value),
      },
    }),
  handler: async (args) => {
    if (args.image !== undefined || args.firmware !== undefined) {
      const { initFromImage } = await import('./init-image.ts');
      await initFromImage(io, args);
      return;
    }
    const without = (['user', 'password', 'memory', 'bootTimeout'] as const).find((name) => args[name] !== undefined);
    if (without !== undefined)
      throw new UsageError(
        `alpy init: expected --image FILE together with --${without === 'bootTimeout' ? 'boot-timeout' : without}, got none`,
      );
    const { projectFiles } = await import('./init-files.ts');
    await assertNoneExists(io, Object.keys(projectFiles));
    await writeProject(io, projectFiles);
    io.stdout('next: copy your disk image to the path in alpy.yaml, then: alpy doctor, alpy run');
  },
});

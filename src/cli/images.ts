// SPDX-License-Identifier: GPL-3.0-or-later
import type { CommandModule } from 'yargs';
import { configOption, type CliIo } from './io.ts';

interface ImagesArguments {
  readonly action?: string | undefined;
  readonly names?: readonly string[] | undefined;
  readonly config?: string | undefined;
  readonly json: boolean;
}

/** `alpy images` */
export const imagesCommand = (io: CliIo): CommandModule<object, ImagesArguments> => ({
  command: 'images [action] [names..]',
  describe: 'Show the container images, or build them: where each is, and who said so',
  builder: (yargs) =>
    yargs
      .positional('action', { choices: ['list', 'build'] as const, default: 'list' })
      .positional('names', { type: 'string', array: true, describe: 'images to build; default all' })
      .options({ ...configOption, json: { type: 'boolean', default: false, describe: 'print JSON' } }),
  handler: async ({ action, names = [], config: file, json }) => {
    const [{ Engine }, { findConfig, loadConfig }, images] = await Promise.all([
      import('../docker/index.ts'),
      import('../config/index.ts'),
      import('../images/index.ts'),
    ]);
    const hasConfig = file !== undefined || (await findConfig(io.directory)) !== undefined;
    const loaded = hasConfig ? await loadConfig({ directory: io.directory, file, variables: io.env }) : undefined;
    const resolved = images.resolveImages(io.env, loaded?.config.images);
    using engine = await Engine.connect();
    if (action === 'build') {
      const wanted =
        names.length === 0
          ? resolved.filter(({ buildable }) => buildable)
          : names.map((name) => images.imageNamed(resolved, name));
      await images.provideImages(wanted, {
        docker: engine.docker,
        env: io.env,
        signal: io.signal,
        onLine: (image, line) => {
          io.stderr(`${image}: ${line}`);
        },
        onResult: ({ image, action: done, durationMs }) => {
          io.stderr(`${image.name} ${done} (${(durationMs / 1000).toFixed(1)} s)`);
        },
      });
    }
    const rows = await images.listImages(engine.docker, resolved);
    io.stdout(json ? JSON.stringify(images.imagesJson(rows), null, 2) : images.formatImages(rows, Date.now()));
  },
});

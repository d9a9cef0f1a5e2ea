// SPDX-License-Identifier: GPL-3.0-or-later
import type { CommandModule } from 'yargs';
import { UsageError } from '../core/errors.ts';
import type { ImageWork } from '../images/index.ts';
import { loadOptionalConfig } from './optional-config.ts';
import { configOption, type CliIo } from './io.ts';
import { neededImages } from './needed-images.ts';

interface ImagesArguments {
  readonly action?: string | undefined;
  readonly names?: readonly string[] | undefined;
  readonly config?: string | undefined;
  readonly json: boolean;
  readonly tag: readonly string[];
  readonly reuse: boolean;
}

/** `alpy images` */
export const imagesCommand = (io: CliIo): CommandModule<object, ImagesArguments> => ({
  command: 'images [action] [names..]',
  describe: 'List the container images with their locations, and what set each; build, pull or push them',
  builder: (yargs) =>
    yargs
      .positional('action', { choices: ['list', 'build', 'pull', 'push'] as const, default: 'list' })
      .positional('names', {
        type: 'string',
        array: true,
        describe:
          'images to build, pull or push; default: all that can be built here; for pull: those that the configuration needs',
      })
      .options({
        ...configOption,
        json: { type: 'boolean', default: false, describe: 'print JSON' },
        tag: { type: 'string', array: true, default: [], requiresArg: true, describe: 'push: also under this tag; repeatable' },
        reuse: {
          type: 'boolean',
          default: false,
          describe: 'build: first look in the registry for an image built from the same files',
        },
      }),
  handler: async ({ action, names = [], config: file, json, tag: tags, reuse }) => {
    const [{ connectEngine }, images] = await Promise.all([import('./engine.ts'), import('../images/index.ts')]);
    const badTag = tags.find((tag) => !/^\w[\w.-]{0,127}$/.test(tag));
    if (badTag !== undefined) throw new UsageError(`--tag: expected a tag of a container image, got ${JSON.stringify(badTag)}`);
    const loaded = await loadOptionalConfig(io, file);
    const manifest = images.loadManifest();
    const resolved = images.resolveImages(io.env, loaded?.config.images, manifest);
    using engine = await connectEngine(io);
    const chosen = names.map((name) => images.imageNamed(resolved, name));
    const buildable = chosen.length === 0 ? images.buildableHere(resolved, manifest) : chosen;
    const work = { ...printTo(io), docker: engine.docker, env: io.env, signal: io.signal, reuse };
    if (action === 'build') await images.buildImages(buildable, work);
    if (action === 'pull') {
      const needed = neededImages(resolved, manifest.images, loaded?.config);
      await images.pullImages(chosen.length === 0 ? needed : chosen, work);
    }
    if (action === 'push') {
      for (const image of buildable)
        for (const pushed of await images.pushImage(image, tags, work)) io.stderr(`${image.name} pushed to ${pushed}`);
    }
    const rows = await images.listImages(engine.docker, resolved);
    io.stdout(json ? images.imagesJson(rows) : images.formatImages(rows, Date.now()));
  },
});

/** Prints output and results of builds, pulls and pushes. */
function printTo(io: CliIo): Pick<ImageWork, 'onLine' | 'onResult'> {
  return {
    onLine: (image, line) => {
      io.stderr(`${image}: ${line}`);
    },
    onResult: ({ image, action, durationMs }) => {
      io.stderr(`${image.name} ${action} (${(durationMs / 1000).toFixed(1)} s)`);
    },
  };
}

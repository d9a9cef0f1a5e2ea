// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { UsageError } from '../core/errors.ts';
import { cacheDirectory } from './cache.ts';
import { configOption, type CliIo } from './io.ts';

interface ApplianceArguments {
  readonly action?: string | undefined;
  readonly file?: string | undefined;
  readonly config?: string | undefined;
}

/** `alpy appliance` */
export const applianceCommand = (io: CliIo): CommandModule<object, ApplianceArguments> => ({
  command: 'appliance <action> [file]',
  describe: 'Boot the disk image once, to see that it is any good; or build Rabbit, the example appliance',
  builder: (yargs) =>
    yargs
      .positional('action', { choices: ['boot', 'build-rabbit'] as const, demandOption: true })
      .positional('file', { type: 'string', describe: 'disk image; for boot the default is the one of the configuration' })
      .options(configOption),
  handler: async ({ action, file, config }) => {
    if (action === 'build-rabbit') await buildRabbit(io, file);
    else await boot(io, file, config);
  },
});

async function buildRabbit(io: CliIo, file: string | undefined): Promise<void> {
  if (file === undefined) throw new UsageError('where should the disk image go? alpy appliance build-rabbit FILE');
  const [{ Engine }, images] = await Promise.all([import('../docker/index.ts'), import('../images/index.ts')]);
  using engine = await Engine.connect();
  const onLine = (_source: string, line: string): void => {
    io.stderr(line);
  };
  await images.buildRabbit(resolve(io.directory, file), { docker: engine.docker, env: io.env, signal: io.signal, onLine });
}

async function boot(io: CliIo, image: string | undefined, file: string | undefined): Promise<void> {
  const [{ loadConfig }, { Engine }, { resolveImages }, { inspectHost, tryBoot }] = await Promise.all([
    import('../config/index.ts'),
    import('../docker/index.ts'),
    import('../images/index.ts'),
    import('../testbed/index.ts'),
  ]);
  const flags = image === undefined ? {} : { appliance: { image } };
  const { config } = await loadConfig({ directory: io.directory, file, variables: io.env, flags });
  const directory = join(config.out, 'boot');
  await mkdir(directory, { recursive: true });
  using engine = await Engine.connect({ jobId: io.env['CI_JOB_ID'] });
  const questions = { images: resolveImages(io.env, config.images), accel: config.accel, directory };
  const host = await inspectHost(engine, { ...questions, accelCacheFile: join(cacheDirectory(io.env), 'kvm.json') }, io.signal);
  const durationMs = await tryBoot(engine, host, config.appliance, directory, io.signal);
  const what = config.appliance.login ? 'booted, and its login works' : 'started; without appliance.login nobody can tell more';
  io.stdout(`${config.appliance.name} ${what} (${(durationMs / 1000).toFixed(1)} s, ${host.accel})`);
}

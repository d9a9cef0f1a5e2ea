// SPDX-License-Identifier: GPL-3.0-or-later
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import type { LoadedConfig } from '../config/index.ts';
import { UsageError } from '../core/errors.ts';
import { secretsOf } from '../core/redact.ts';
import { isLong, resolveTopology } from '../topology/index.ts';
import { accelCacheFile, snapshotDirectory, unpackedDirectory } from './cache.ts';
import { configOption, type CliIo } from './io.ts';
import { jobIdOf } from './job-id.ts';
import { numberOption } from './options.ts';
import { ownProgram, sessionDirectory } from './session.ts';

interface UpArguments {
  readonly config?: string | undefined;
  readonly boot?: 'cold' | 'snapshot' | undefined;
  readonly hours?: number | undefined;
}

/** `alpy up` */
export const upCommand = (io: CliIo): CommandModule<object, UpArguments> => ({
  command: 'up',
  describe: 'Create a testbed and keep it, to try things by hand with exec, console, capture and link; alpy down ends it',
  builder: (yargs) =>
    yargs.options({
      ...configOption,
      boot: { choices: ['snapshot', 'cold'] as const, describe: 'boot the guest, or restore it from a snapshot' },
      hours: { ...numberOption('--hours', 'above 0', 'the testbed ends after this many hours'), default: 8 },
    }),
  handler: async ({ config: file, boot, hours = 8 }) => {
    const [{ loadConfig }, { newRunId }, { resolveImages }, session] = await Promise.all([
      import('../config/index.ts'),
      import('../docker/index.ts'),
      import('../images/index.ts'),
      import('../session/index.ts'),
    ]);
    const loaded = await loadConfig({ directory: io.directory, file, variables: io.env, flags: boot ? { boot } : {} });
    const { config } = loaded;
    const directory = await sessionDirectory(io, file);
    if (await session.isSessionUp(directory))
      throw new UsageError(`a testbed is already running in ${directory}. End it with alpy down`);
    await checkNetworks(io, loaded);
    await rm(directory, { recursive: true, force: true });
    const spec = {
      directory,
      runId: newRunId(),
      jobId: jobIdOf(io.env),
      config,
      images: resolveImages(io.env, config.images),
      accelCacheFile: accelCacheFile(io.env),
      snapshotDirectory: snapshotDirectory(io.env, config.snapshots.directory),
      unpackedDirectory: unpackedDirectory(io.env),
      deadlineMs: Date.now() + hours * 3_600_000,
      services: [],
      secrets: secretsOf(io.env),
    };
    await session.startSessionServer(spec, ownProgram('keep'), io.env, io.stderr, io.signal);
    const { duts, nodes, links } = resolveTopology(config.topology, config.devices);
    const devices = isLong(config.topology) ? namesOf(duts) : config.devices[0].appliance.name;
    const others = nodes.length === 0 ? '' : `, with ${namesOf(nodes)}`;
    io.stdout(
      `${devices} ${duts.length === 1 ? 'is' : 'are'} up${others}; ${duts.length === 1 ? 'its' : 'their'} files are in ${join(directory, 'testbed')}`,
    );
    const [node, link] = [nodes[0]?.name, links[0]?.name];
    const console = duts.length === 1 ? 'alpy console' : `alpy console ${duts[0].name}`;
    const onNode = node === undefined ? [] : [`alpy exec ${node} -- ip address`];
    const onLink = link === undefined ? [] : [`alpy capture ${link}`];
    io.stdout(`next: ${[console, ...onNode, ...onLink, 'alpy status'].join(', ')}; then alpy down`);
  },
});

/** `alpy down` */
export const downCommand = (io: CliIo): CommandModule<object, { readonly config?: string | undefined }> => ({
  command: 'down',
  describe: 'End the testbed of alpy up; its captures and logs stay',
  builder: (yargs) => yargs.options(configOption),
  handler: async ({ config }) => {
    const { isSessionUp, stopSession } = await import('../session/index.ts');
    const directory = await sessionDirectory(io, config);
    if (!(await isSessionUp(directory))) {
      io.stdout('no testbed is running');
      return;
    }
    const errors = await stopSession(directory, io.signal);
    if (errors !== '') io.stderr(errors);
    io.stdout(`down; its captures and logs are in ${join(directory, 'testbed')}`);
  },
});

/** Checks here that the daemon has the networks of uplinks, because the process of the testbed does not know lines of the file. */
async function checkNetworks(io: CliIo, loaded: LoadedConfig): Promise<void> {
  const [{ connectEngine }, { checkUplinks, namesNetworks }] = await Promise.all([
    import('./engine.ts'),
    import('../runner/uplink-networks.ts'),
  ]);
  if (!namesNetworks(loaded)) return;
  using engine = await connectEngine(io);
  await checkUplinks(engine, loaded, io.signal);
}

function namesOf(all: readonly { readonly name: string }[]): string {
  return all.map(({ name }) => name).join(', ');
}

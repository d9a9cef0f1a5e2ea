// SPDX-License-Identifier: GPL-3.0-or-later
import { join, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { UsageError } from '../core/errors.ts';
import type { Access } from '../gitlab/index.ts';
import { valueOf } from '../core/variables.ts';
import { resolveTopology, topologyAround } from '../topology/index.ts';
import type { Appliance } from '../config/index.ts';
import { chosenDevices } from './chosen-devices.ts';
import { hostFor } from './host.ts';
import { configOption, type CliIo } from './io.ts';
import { jobIdOf } from './job-id.ts';
import { numberOption } from './options.ts';

interface ApplianceArguments {
  readonly action?: string | undefined;
  readonly file?: string | undefined;
  readonly config?: string | undefined;
  readonly limitMib?: number | undefined;
  readonly variables: string;
  readonly dut?: string | undefined;
}

/** `alpy appliance` */
export const applianceCommand = (io: CliIo): CommandModule<object, ApplianceArguments> => ({
  command: 'appliance <action> [file]',
  describe: 'Boot a disk image once, to check that it works; build Rabbit, the example; pass an image to later CI jobs',
  builder: (yargs) =>
    yargs
      .positional('action', { choices: ['boot', 'build-rabbit', 'store', 'fetch'] as const, demandOption: true })
      .positional('file', {
        type: 'string',
        describe: 'disk image; boot and fetch default to the configured one',
      })
      .options({
        ...configOption,
        dut: { type: 'string', requiresArg: true, describe: 'boot: name of the device; default: every device' },
        'limit-mib': {
          ...numberOption(
            '--limit-mib',
            'above 0',
            'store: larger images go to the package registry, because GitLab limits artifacts to 100 MiB by default',
          ),
          default: 95,
        },
        variables: {
          type: 'string',
          default: 'alpy-appliance.env',
          requiresArg: true,
          describe: 'store: file for artifacts:reports:dotenv that tells later jobs where the image is',
        },
      }),
  handler: async ({ action, file, config, dut, limitMib = 95, variables }) => {
    if (action === 'boot') await boot(io, { image: file, config, dut });
    else if (action === 'fetch') await fetchStored(io, file, config);
    else if (file === undefined) throw new UsageError(`expected a file, got none. Use alpy appliance ${action ?? ''} FILE`);
    else if (action === 'build-rabbit') await buildRabbit(io, file);
    else await store(io, resolve(io.directory, file), limitMib, resolve(io.directory, variables));
  },
});

async function store(io: CliIo, path: string, limitMib: number, variablesFile: string): Promise<void> {
  if (!(limitMib >= 0)) throw new UsageError(`--limit-mib: expected a number of MiB, 0 or more, got ${limitMib}`);
  const { storeAppliance } = await import('../gitlab/index.ts');
  const limitBytes = limitMib * 1024 ** 2;
  const url = await storeAppliance(await access(io), path, { limitBytes, variablesFile, signal: io.signal });
  io.stdout(url === undefined ? 'small enough to be an artifact' : `uploaded to ${url}`);
}

async function fetchStored(io: CliIo, file: string | undefined, configFile: string | undefined): Promise<void> {
  if (valueOf(io.env, 'ALPY_APPLIANCE_URL') === undefined) return;
  const path = file === undefined ? await configuredImage(io, configFile) : resolve(io.directory, file);
  const { fetchAppliance } = await import('../gitlab/index.ts');
  if (await fetchAppliance(await access(io), path, io.env, io.signal)) io.stdout(`downloaded ${path}`);
}

async function configuredImage(io: CliIo, file: string | undefined): Promise<string> {
  const { loadConfig } = await import('../config/index.ts');
  const { image } = (await loadConfig({ directory: io.directory, file, variables: io.env })).config.devices[0].appliance;
  if (image !== undefined) return image;
  throw new UsageError('expected appliance.image in the configuration, got none. Add it, or use alpy appliance fetch FILE');
}

/** `undefined` outside a GitLab job. */
async function access(io: CliIo): Promise<Access | undefined> {
  const { jobContext, tokenOf } = await import('../gitlab/index.ts');
  const [context, token] = [jobContext(io.env), tokenOf(io.env)];
  return context === undefined || token === undefined ? undefined : { context, token };
}

async function buildRabbit(io: CliIo, file: string): Promise<void> {
  const [{ connectEngine }, images] = await Promise.all([import('./engine.ts'), import('../images/index.ts')]);
  using engine = await connectEngine(io);
  const onLine = (_source: string, line: string): void => {
    io.stderr(line);
  };
  await images.buildRabbit(resolve(io.directory, file), { docker: engine.docker, env: io.env, signal: io.signal, onLine });
}

async function boot(
  io: CliIo,
  { image, config: file, dut }: Pick<ApplianceArguments, 'config' | 'dut'> & { readonly image: string | undefined },
): Promise<void> {
  const [{ loadConfig }, { connectEngine }, { TestbedFactory }] = await Promise.all([
    import('../config/index.ts'),
    import('./engine.ts'),
    import('../testbed/index.ts'),
  ]);
  const flags = image === undefined ? {} : { appliance: { image } };
  const { config } = await loadConfig({ directory: io.directory, file, variables: io.env, flags });
  const { devices } = config;
  const chosen = chosenDevices(devices, dut);
  if (image !== undefined && devices.length > 1)
    throw new UsageError(
      `expected no FILE, because the topology has several devices, got ${image}. Set image of one of the appliances instead`,
    );
  const directory = join(config.out, 'boot');
  using engine = await connectEngine(io, { jobId: jobIdOf(io.env) });
  const host = await hostFor(io, engine, config, directory);
  const factory = new TestbedFactory(engine, host);
  for (const device of chosen) {
    const { appliance, name } = device;
    const disk = await factory.inspectDisk(appliance, io.signal);
    // what boots is the appliance's matter alone, unless it boots from a link or is ready when a node sees it
    const topology =
      appliance.boot === 'network' || appliance.ready
        ? topologyAround(resolveTopology(config.topology, devices), name)
        : resolveTopology({ links: 0 });
    const own = devices.length > 1 ? join(directory, name) : directory;
    await using testbed = await factory.create({ devices: [{ appliance, disk }], topology, directory: own }, io.signal);
    const startMs = performance.now();
    await testbed.boot({ signal: io.signal });
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    await testbed.close(); // if this fails, the command fails
    io.stdout(`${devices.length > 1 ? name : appliance.name} ${whatBootShows(appliance)} (${seconds} s, ${host.accel})`);
  }
}

function whatBootShows({ login, ready = [] }: Appliance): string {
  if (login) return 'booted, and its login works';
  if (ready.length > 0) return 'booted, and the conditions of appliance.ready hold';
  return 'started; without appliance.login and appliance.ready, alpy cannot check more';
}

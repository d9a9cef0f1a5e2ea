// SPDX-License-Identifier: GPL-3.0-or-later
import { join, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { UsageError } from '../core/errors.ts';
import { alignColumns, printableJson, timeText } from '../core/text.ts';
import type { Device, LoadedConfig } from '../config/index.ts';
import type { Snapshot, SnapshotListing, SnapshotStore } from '../snapshot/index.ts';
import { resolveTopology, topologyAround } from '../topology/index.ts';
import type { SnapshotPlace } from '../testbed/index.ts';
import { snapshotDirectory, unpackedImages } from './cache.ts';
import { chosenDevices } from './chosen-devices.ts';
import { hostFor } from './host.ts';
import { configOption, type CliIo } from './io.ts';
import { jobIdOf } from './job-id.ts';
import { numberOption } from './options.ts';
import { loadOptionalConfig } from './optional-config.ts';

/** After how long without use an unpacked disk image is removed by default, in `ms`. */
const keptImageMs = 30 * 86_400_000;

/** Folder and size of the store. */
type Place = Exclude<SnapshotPlace, string>;

interface SnapshotArguments {
  readonly action?: string | undefined;
  readonly file?: string | undefined;
  readonly config?: string | undefined;
  readonly json: boolean;
  readonly all: boolean;
  readonly dut?: string | undefined;
  readonly maxMib?: number | undefined;
  readonly unusedDays?: number | undefined;
}

/** `alpy snapshot` */
export const snapshotCommand = (io: CliIo): CommandModule<object, SnapshotArguments> => ({
  command: 'snapshot [action] [file]',
  describe: 'List the snapshots that tests start from; create one in advance, copy it to another machine, remove old ones',
  builder: (yargs) =>
    yargs
      .positional('action', { choices: ['list', 'prune', 'save', 'load'] as const, default: 'list' })
      .positional('file', {
        type: 'string',
        describe: 'archive; without one, save only creates the snapshot in the store',
      })
      .options({
        ...configOption,
        json: { type: 'boolean', default: false, describe: 'list: print JSON' },
        dut: { type: 'string', requiresArg: true, describe: 'save: name of the device; default: every device' },
        all: { type: 'boolean', default: false, describe: 'prune: remove all, and all unpacked disk images' },
        'max-mib': numberOption(
          '--max-mib',
          'of at least 0',
          'prune: how much to keep, in MiB; the least recently used are removed first; default: snapshots.maxMiB',
        ),
        'unused-days': numberOption('--unused-days', 'of at least 0', 'prune: remove those not used for this many days'),
      }),
  handler: async (args) => {
    const [{ defaultSnapshotsMiB }, { SnapshotStore: Store }] = await Promise.all([
      import('../config/index.ts'),
      import('../snapshot/index.ts'),
    ]);
    const loaded = await loadOptionalConfig(io, args.config);
    const settings = loaded?.config.snapshots;
    const maxBytes = (settings?.maxMiB ?? defaultSnapshotsMiB) * 1024 ** 2;
    const directory = snapshotDirectory(io.env, settings?.directory);
    const store = new Store(directory, maxBytes);
    if (args.action === 'save') await save(io, loaded, { directory, maxBytes }, args);
    else if (args.action === 'load') await load(io, store, args.file);
    else if (args.action === 'prune') await prune(io, store, args, maxBytes);
    else {
      const all = await store.list();
      io.stdout(args.json ? printableJson(all, 2) : table(all, directory));
    }
  },
});

async function save(io: CliIo, loaded: LoadedConfig | undefined, place: Place, { file, dut }: SnapshotArguments): Promise<void> {
  if (!loaded)
    throw new UsageError('expected alpy.yaml or alpy.config.ts in this directory or above, found neither. alpy init creates one');
  const { devices } = loaded.config;
  const chosen = chosenDevices(devices, dut);
  const names = devices.map(({ name }) => name).join(', ');
  if (file !== undefined && chosen.length > 1)
    throw new UsageError(
      `expected --dut NAME, because an archive holds the snapshot of one device, and there are several: ${names}`,
    );
  for (const { name, key, snapshot } of await provide(io, loaded, place, chosen)) {
    if (file === undefined) io.stdout(`${key} is in ${place.directory}${devices.length > 1 ? ` (${name})` : ''}`);
    else {
      const { saveArchive } = await import('../snapshot/index.ts');
      await saveArchive(snapshot, resolve(io.directory, file), io.signal);
      io.stdout(`saved ${key} to ${file}`);
    }
  }
}

async function load(io: CliIo, store: SnapshotStore, file: string | undefined): Promise<void> {
  if (file === undefined) throw new UsageError('expected a file, got none. Use alpy snapshot load FILE');
  const { loadArchive } = await import('../snapshot/index.ts');
  const { record } = await loadArchive(store, resolve(io.directory, file), io.signal);
  io.stdout(`loaded ${record.key} (${record.appliance})`);
}

interface Provided {
  /** of the device */
  readonly name: string;
  readonly key: string;
  readonly snapshot: Snapshot;
}

/** Finds the snapshots of devices, or creates them, one after the other. */
async function provide(
  io: CliIo,
  { config }: LoadedConfig,
  place: Place,
  devices: readonly Device[],
): Promise<readonly Provided[]> {
  const [{ connectEngine }, testbeds] = await Promise.all([import('./engine.ts'), import('../testbed/index.ts')]);
  const { isReadinessKnown, unknownReadiness } = await import('../testbed/snapshot-place.ts');
  if (!devices.every(({ appliance }) => isReadinessKnown(appliance))) throw new UsageError(unknownReadiness);
  const directory = join(config.out, 'snapshot');
  using engine = await connectEngine(io, { jobId: jobIdOf(io.env) });
  const host = await hostFor(io, engine, config, directory);
  const reason = await testbeds.checkSnapshotSupport(engine, host, place.directory, io.signal);
  if (reason !== undefined) throw new UsageError(`cannot create a snapshot: ${reason}`);
  const factory = new testbeds.TestbedFactory(engine, host, { snapshots: place });
  const topology = resolveTopology(config.topology, config.devices);
  const provided: Provided[] = [];
  for (const { name, appliance } of devices) {
    const disk = await factory.inspectDisk(appliance, io.signal);
    const folder = config.devices.length > 1 ? join(directory, name) : directory;
    const spec = { appliance, topology: topologyAround(topology, name), disk };
    const snapshot = await factory.provideSnapshot(spec, folder, io.signal);
    provided.push({ name, key: snapshot.record.key, snapshot });
  }
  return provided;
}

async function prune(
  io: CliIo,
  store: SnapshotStore,
  { all, maxMib, unusedDays }: SnapshotArguments,
  maxBytes: number,
): Promise<void> {
  const unused = unusedDays === undefined ? {} : { unusedMs: unusedDays * 86_400_000 };
  const removed = await store.prune(
    all
      ? { maxBytes: 0, unusedMs: 0, isForced: true }
      : { maxBytes: maxMib === undefined ? maxBytes : maxMib * 1024 ** 2, isForced: true, ...unused },
  );
  const images = await unpackedImages(io);
  const removedImages = await images.prune(all ? 0 : (unused.unusedMs ?? keptImageMs));
  for (const { key, record } of removed) io.stdout(`removed ${key} (${record?.appliance ?? 'made by another version of alpy'})`);
  for (const path of removedImages) io.stdout(`removed ${path} (an unpacked disk image)`);
  const count = removed.length + removedImages.length;
  io.stdout(count === 0 ? 'nothing to remove' : `${count} removed`);
}

function table(all: readonly SnapshotListing[], directory: string): string {
  if (all.length === 0) return `no snapshots in ${directory}`;
  const rows = all.map(({ record, diskBytes, usedMs }) => [
    record.key,
    record.appliance,
    `${Math.ceil(diskBytes / 1024 ** 2)} MiB`,
    timeText(usedMs).slice(0, 16).replace('T', ' '),
    record.inputs['qemu'] ?? '',
  ]);
  const lines = [['key', 'appliance', 'on disk', 'last used (UTC)', 'QEMU'], ...rows];
  return [...alignColumns(lines), '', `in ${directory}`].join('\n');
}

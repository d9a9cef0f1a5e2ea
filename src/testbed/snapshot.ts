// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
// eslint-disable-next-line no-restricted-imports -- for /proc
import { readFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { ContentHashes } from '../core/content-hashes.ts';
import { messageOf, partsOf } from '../core/errors.ts';
import { openPlain } from '../core/plain-file.ts';
import { categorizedStep, log } from '../core/step.ts';
import { accessInputs } from '../access/index.ts';
import { ConsoleClosedError } from '../console/index.ts';
import { ContainerDiedError, imageId, type Engine } from '../docker/index.ts';
import { imageNamed } from '../images/resolved-image.ts';
import {
  configuredImage,
  driveIds,
  findArgumentFiles,
  imageNameOf,
  keyPlacesOf,
  withPlaces,
  withPlacesIn,
  machineArguments,
  QmpClosedError,
  QmpError,
  assertUnchanged,
  isWritable,
  snapshotFileNames,
  snapshotFiles,
  type FileIdentity,
  type InspectedDisks,
  type QmpClient,
} from '../qemu/index.ts';
import {
  SnapshotError,
  snapshotFormat,
  snapshotKey,
  type Snapshot,
  type SnapshotRecord,
  type SnapshotStore,
} from '../snapshot/index.ts';
import type { Topology } from '../topology/index.ts';
import { createTestbed } from './create.ts';
import type { TestbedSpec } from './creation.ts';
import { deviceName } from './device-names.ts';
import type { Appliance } from './dut-parts.ts';
import { BootError } from './errors.ts';
import type { CreatedTestbed } from './testbed.ts';
import { createWorldWritableFile } from './world-writable-file.ts';
import type { HostFacts } from './host.ts';
import { asGuestSees, machineSpec } from './machine-spec.ts';
import { nodeInputs } from './node-inputs.ts';
import { seedImage } from './seed.ts';

/** The guest of a snapshot. */
export interface SnapshotSpec {
  readonly appliance: Appliance;
  /** with this guest as its only DUT */
  readonly topology: Topology;
  readonly disk: InspectedDisks;
}

/** Makes the snapshot of a key. May hold `make` back until no other process makes the same, and may refuse to call it. */
export type Once = (key: string, make: () => Promise<Snapshot>) => Promise<Snapshot>;

/** How much more than its memory a snapshot may take, in `bytes`: what the guest writes to its disk while it boots. */
const diskAllowanceBytes = 256 * 1024 ** 2;

/**
 * Keys of an appliance that a snapshot does not depend on, or that are among its inputs in another form. All other keys are
 * inputs, also new ones.
 */
const keysNotHashed: ReadonlySet<string> = new Set<keyof Appliance>([
  ...(['name', 'image', 'format', 'disks', 'cdroms', 'cloudInit', 'login', 'provision'] as const),
  ...(['bootTimeoutMs', 'clockCommand', 'powerOffCommand'] as const), // act on a guest that runs
]);

/** What a snapshot depends on. */
interface SnapshotInputs {
  /** by name: everything that could make a restored guest differ from one that has just booted */
  readonly inputs: Readonly<Record<string, string>>;
  /** the files whose content is part of the inputs, as they were then */
  readonly files: readonly FileIdentity[];
}

/**
 * Finds out what the snapshot of an appliance depends on.
 * @throws SnapshotError when that cannot be known, so that no snapshot would be safe to use
 */
async function findInputs(engine: Engine, facts: HostFacts, store: SnapshotStore, spec: SnapshotSpec): Promise<SnapshotInputs> {
  const { appliance, topology, disk } = spec;
  const { provision } = appliance;
  const added = await findArgumentFiles(appliance.qemuArgs, configuredImage(disk), facts.access);
  if (added.unknown !== undefined) throw new SnapshotError(added.unknown);
  const { named = [] } = disk;
  const others = [...new Map([...named.flatMap(({ parts }) => parts), ...added.files].map((file) => [file.path, file])).values()];
  const hashes = new ContentHashes(join(store.directory, '.hashes.json'));
  const contents = async (files: readonly FileIdentity[]): Promise<string> => {
    const all: string[] = [];
    for (const { path, stamp } of files) all.push(await hashes.of(path, stamp));
    return all.join(' ');
  };
  const placeOf = keyPlacesOf(named);
  const described = { disk: 'virtio', ...appliance, qemuArgs: withPlaces(appliance.qemuArgs, placeOf) };
  const settings = Object.entries(described).filter(([key]) => !keysNotHashed.has(key));
  const machine = machineSpec(appliance, topology.duts[0], disk, facts.accel, new Date(0));
  const seed = await seedImage(appliance);
  const nodes = await nodeInputs(topology, hashes);
  const [main = 'none', ...further] = await contentsOf(disk, contents);
  const inputs = {
    image: main,
    ...(further.length > 0 ? { disks: further.join(', ') } : {}),
    qemu: disk.qemuVersion,
    firmware: disk.firmware,
    machine: machineArguments(asGuestSees(machine), { ...placeholderPaths, placeOf, seed: seed && 'seed' }).join(' '),
    login: digest(JSON.stringify(accessInputs(appliance))), // a password has no place in a file that people look at
    provision: digest(JSON.stringify(provision)),
    settings: digest(JSON.stringify(withPlacesIn(settings.sort(), placeOf))),
    ...(seed ? { seed: digest(seed) } : {}),
    ...(nodes.digest === undefined ? {} : { nodes: nodes.digest }),
    ...(others.length > 0 ? { files: await contents(others) } : {}),
    ...(added.needsContainer
      ? { container: await imageId(engine, imageNamed(facts.images, imageNameOf(appliance.machine)).reference) }
      : {}),
    ...(facts.accel === 'kvm' ? { cpu: await hostCpu() } : {}),
  };
  return { inputs, files: [...disk.drives.flatMap(({ image }) => image?.files ?? []), ...others, ...nodes.files] };
}

/** The content of each drive, as text. */
async function contentsOf(
  { drives }: InspectedDisks,
  contents: (files: readonly FileIdentity[]) => Promise<string>,
): Promise<readonly string[]> {
  const all: string[] = [];
  for (const { image, virtualBytes } of drives)
    all.push(image ? `${image.format} ${await contents(image.files)}` : `empty ${virtualBytes}`);
  return all;
}

/** Finds a snapshot in the store or makes it; see {@link TestbedFactory.provideSnapshot}. */
export async function provideSnapshot(
  engine: Engine,
  facts: HostFacts,
  store: SnapshotStore,
  spec: SnapshotSpec,
  directory: string,
  signal?: AbortSignal,
  once: Once = (_key, make) => make(),
): Promise<Snapshot> {
  const inputs = await findInputs(engine, facts, store, spec);
  const key = snapshotKey(inputs.inputs);
  const found = await store.find(key);
  if (found) return found;
  return once(key, async () => {
    const madeMeanwhile = await store.find(key);
    if (madeMeanwhile) return madeMeanwhile;
    const name = deviceName(spec.topology, spec.topology.duts[0], spec.appliance);
    return await categorizedStep('snapshot.make', 'alpy.snapshot', `Boot ${name} to make a snapshot`, () =>
      makeSnapshot(engine, facts, store, { ...spec, ...inputs, key, directory }, signal),
    );
  });
}

async function makeSnapshot(
  engine: Engine,
  facts: HostFacts,
  store: SnapshotStore,
  spec: SnapshotSpec & SnapshotInputs & { readonly key: string; readonly directory: string },
  signal?: AbortSignal,
): Promise<Snapshot> {
  const { appliance, topology, disk, inputs, files, key, directory } = spec;
  const memoryBytes = appliance.memoryMiB * 1024 ** 2;
  const names = snapshotFileNames(disk);
  const written = disk.drives.filter(isWritable).length;
  const draft = await store.begin(memoryBytes + Math.max(1, written) * diskAllowanceBytes);
  try {
    await prepareDraft(draft, names, memoryBytes);
    const snapshot = { use: 'make', directory: draft } as const;
    const saved = await bootAndSave(
      engine,
      facts,
      { devices: [{ appliance, disk, snapshot }], topology, directory },
      disk,
      signal,
    );
    await assertUnchanged(files).catch((cause: unknown) => {
      throw new SnapshotError(`a file that the guest booted from has changed meanwhile: ${messageOf(cause)}`, { cause });
    });
    const record = {
      format: snapshotFormat,
      key,
      appliance: appliance.name,
      createdAt: new Date().toISOString(),
      inputs,
      ...saved,
    } as const;
    return await store.commit(draft, record, names);
  } finally {
    await store.discard(draft);
  }
}

/** Tears the testbed down before it returns: only then are the files of the snapshot complete. */
async function bootAndSave(
  engine: Engine,
  facts: HostFacts,
  spec: TestbedSpec,
  disk: InspectedDisks,
  signal?: AbortSignal,
): Promise<SavedGuest> {
  const testbed = await createTestbed(engine, facts, spec, signal);
  const saved = await bootAndSaveState(testbed, facts, disk, signal).catch(async (error: unknown) => {
    const follows = await testbed.close().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    const died = partsOf(follows).find((part) => part instanceof ContainerDiedError || part instanceof SnapshotError);
    // the console or the monitor closed because QEMU died
    const cause = error instanceof BootError ? error.cause : error;
    if (died && (cause instanceof ConsoleClosedError || cause instanceof QmpClosedError)) throw died;
    if (follows !== undefined) log('alpy.snapshot', `then the testbed was not torn down properly: ${messageOf(follows)}`); // why it did not boot is the error to throw
    throw error;
  });
  await testbed.close();
  return saved;
}

type SavedGuest = Pick<SnapshotRecord, 'virtualMs' | 'qemuVersion' | 'leases'>;

async function bootAndSaveState(
  created: CreatedTestbed,
  facts: HostFacts,
  disk: InspectedDisks,
  signal?: AbortSignal,
): Promise<SavedGuest> {
  const { dut, nodes } = await created.boot({ signal });
  const wait = { timeoutMs: saveTimeoutMs * facts.timeFactor, signal };
  await assertOtherDisksUnwritten(dut.qmp, disk);
  const virtualMs = await categorizedStep('snapshot.save', 'alpy.qemu', 'Save the snapshot', () => dut.save(wait)).catch(
    (error: unknown) => {
      if (!(error instanceof QmpError)) throw error;
      throw new SnapshotError(`this machine cannot be saved: ${error.message}`, { cause: error });
    },
  );
  const leases = nodes.flatMap(({ name, services }) => (services.leases ? [[name, services.leases] as const] : []));
  return { virtualMs, qemuVersion: dut.qmp.version, ...(leases.length > 0 ? { leases: Object.fromEntries(leases) } : {}) };
}

const saveTimeoutMs = 30_000;

/** Files of the firmware, whose content is part of the snapshot or of the key. */
const firmwareDisks = ['pflash0', 'pflash1'];

/**
 * Asserts that the guest has not written to a disk that `appliance.qemuArgs` adds: a restored guest would not find what it wrote.
 * @throws SnapshotError otherwise
 */
async function assertOtherDisksUnwritten(qmp: QmpClient, { drives }: InspectedDisks): Promise<void> {
  const savedDisks: ReadonlySet<unknown> = new Set([...driveIds(drives.map(({ spec }) => spec)), ...firmwareDisks]);
  const disks = (await qmp.execute('query-blockstats')) as readonly BlockStats[];
  const written = disks.find(({ device, stats }) => !savedDisks.has(device) && stats.wr_bytes > 0);
  if (!written) return;
  const { device, qdev, 'node-name': node } = written;
  const name = [device, qdev, node].find((text) => text !== undefined && text !== '') ?? 'a disk';
  throw new SnapshotError(`appliance.qemuArgs adds the disk ${name}, and the guest wrote to it, which no snapshot can hold`);
}

interface BlockStats {
  readonly device?: string;
  readonly qdev?: string;
  readonly 'node-name'?: string;
  readonly stats: { readonly wr_bytes: number };
}

async function prepareDraft(draft: string, names: readonly string[], memoryBytes: number): Promise<void> {
  for (const name of names) await createWorldWritableFile(join(draft, name));
  await using memory = await openPlain(join(draft, snapshotFiles.memory), 'r+');
  await memory.truncate(memoryBytes);
}

/** Stand for paths, which do not affect the guest. */
const placeholderPaths = {
  drive: () => ({ path: 'disk', format: 'qcow2', isWritten: false }),
  qmpSocket: 'qmp',
  serialSocket: 'serial',
  firmwareCode: 'code',
  firmwareVariables: 'variables',
  capture: (file: string): string => parse(file).name, // without the extension, as in the keys of existing snapshots
};

/** With KVM a guest sees this machine's processor, and may not continue on another one. */
async function hostCpu(): Promise<string> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const lines = /^(?:model name|flags|microcode)\s*:.*$/gm;
  return digest((text.split('\n\n')[0]?.match(lines) ?? []).join('\n'));
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

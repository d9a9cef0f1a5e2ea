// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { messageOf, partsOf } from '../core/errors.ts';
import { openPlain } from '../core/plain-file.ts';
import { categorizedStep, log } from '../core/step.ts';
import { ConsoleClosedError } from '../console/index.ts';
import { ContainerDiedError, type Engine } from '../docker/index.ts';
import {
  driveIds,
  QmpClosedError,
  QmpError,
  assertUnchanged,
  isWritable,
  snapshotFileNames,
  snapshotFiles,
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
import { createTestbed } from './create.ts';
import type { TestbedSpec } from './creation.ts';
import { deviceName } from './device-names.ts';
import { BootError } from './errors.ts';
import type { HostFacts } from './host.ts';
import { findInputs, type SnapshotInputs, type SnapshotSpec } from './snapshot-inputs.ts';
import type { CreatedTestbed } from './testbed.ts';
import { createWorldWritableFile } from './world-writable-file.ts';

/** Makes the snapshot of a key. May hold `make` back until no other process makes the same, and may refuse to call it. */
export type Once = (key: string, make: () => Promise<Snapshot>) => Promise<Snapshot>;

/** How much more than its memory a snapshot may take, in `bytes`: what the guest writes to its disk while it boots. */
const diskAllowanceBytes = 256 * 1024 ** 2;

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

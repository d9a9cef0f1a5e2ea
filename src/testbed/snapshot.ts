// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { step } from '../core/step.ts';
import { prepareShell } from '../console/index.ts';
import type { Engine } from '../docker/index.ts';
import { machineArguments, snapshotFiles, type DiskImage } from '../qemu/index.ts';
import { ContentHashes, snapshotKey, type Snapshot, type SnapshotStore } from '../snapshot/index.ts';
import { createTestbed, type TestbedSpec } from './create.ts';
import type { Appliance } from './dut.ts';
import { makeFileForAll } from './file-for-all.ts';
import type { HostFacts } from './host.ts';
import { machineSpec } from './machine-spec.ts';

/** What a snapshot is to be of. */
export interface SnapshotSpec {
  readonly appliance: Appliance;
  readonly links: number;
  readonly disk: DiskImage;
}

/** How much more than its memory a snapshot may take, in `bytes`: what the guest writes to its disk while it boots. */
const diskAllowanceBytes = 256 * 1024 ** 2;

/**
 * What the snapshot of an appliance depends on, by name: everything that could make a restored guest differ from one that
 * has just booted.
 * @throws Error of the file system when the image cannot be read
 */
export async function madeFrom(store: SnapshotStore, facts: HostFacts, spec: SnapshotSpec): Promise<Record<string, string>> {
  const { appliance, links, disk } = spec;
  const { login, provision } = appliance;
  const hashes = new ContentHashes(join(store.directory, '.hashes.json'));
  const image: string[] = [];
  for (const { path, stamp } of disk.files) image.push(await hashes.of(path, stamp));
  const machine = machineSpec(appliance, links, facts.accel, new Date(0));
  return {
    image: `${disk.format} ${image.join(' ')}`,
    qemu: disk.qemuVersion,
    machine: machineArguments(machine, anywhere).join(' '),
    login: digest(JSON.stringify([login, prepareShell])), // a password has no place in a file that people look at
    provision: digest(JSON.stringify(provision)),
    ...(facts.accel === 'kvm' ? { cpu: await hostCpu() } : {}),
  };
}

/**
 * The snapshot of an appliance: from the store, or else made by booting it there and then.
 * @param directory - absolute path of a folder for the console log of the boot
 * @param turn - waits until nobody else makes the snapshot of this key; absent when nobody can
 * @throws BootError, GuestLostError when the appliance does not boot
 * @throws SnapshotError when the store has no room, or cannot be used
 * @throws HypervisorError, ContainerError, EnvironmentError when it cannot even be tried
 */
export async function provideSnapshot(
  engine: Engine,
  facts: HostFacts,
  store: SnapshotStore,
  spec: SnapshotSpec,
  directory: string,
  signal?: AbortSignal,
  turn: (key: string) => Promise<Disposable> = noTurn,
): Promise<Snapshot> {
  const from = await madeFrom(store, facts, spec);
  const key = snapshotKey(from);
  const found = await store.find(key);
  if (found) return found;
  using _turn = await turn(key);
  const madeMeanwhile = await store.find(key);
  if (madeMeanwhile) return madeMeanwhile;
  return await step('alpy.snapshot', `Boot ${spec.appliance.name} to make a snapshot`, () =>
    makeSnapshot(engine, facts, store, { ...spec, from, directory }, signal),
  );
}

async function makeSnapshot(
  engine: Engine,
  facts: HostFacts,
  store: SnapshotStore,
  spec: SnapshotSpec & { readonly from: Readonly<Record<string, string>>; readonly directory: string },
  signal?: AbortSignal,
): Promise<Snapshot> {
  const { appliance, links, disk, from, directory } = spec;
  const memoryBytes = appliance.memoryMiB * 1024 ** 2;
  const draft = await store.begin(memoryBytes + diskAllowanceBytes);
  try {
    await prepareDraft(draft, memoryBytes);
    const snapshot = { use: 'make', directory: draft } as const;
    const saved = await bootAndSave(engine, facts, { appliance, links, disk, directory, snapshot }, signal);
    const record = {
      format: 1,
      key: snapshotKey(from),
      appliance: appliance.name,
      createdAt: new Date().toISOString(),
      madeFrom: from,
      ...saved,
    } as const;
    return await store.commit(draft, record, Object.values(snapshotFiles));
  } finally {
    await store.discard(draft);
  }
}

/** The testbed is gone when this returns: only then are the files of the snapshot complete. */
async function bootAndSave(
  engine: Engine,
  facts: HostFacts,
  spec: TestbedSpec,
  signal?: AbortSignal,
): Promise<{ readonly virtualMs: number; readonly qemuVersion: string }> {
  await using testbed = await createTestbed(engine, facts, spec, signal);
  const { dut } = testbed;
  await dut.boot({ signal });
  const wait = { timeoutMs: saveTimeoutMs * facts.timeFactor, signal };
  const virtualMs = await step('alpy.qemu', 'Save the snapshot', () => dut.save(wait));
  return { virtualMs, qemuVersion: dut.qmp.version };
}

const noTurn = (): Promise<Disposable> => Promise.resolve({ [Symbol.dispose]: () => undefined });

const saveTimeoutMs = 30_000;

async function prepareDraft(draft: string, memoryBytes: number): Promise<void> {
  for (const name of Object.values(snapshotFiles)) await makeFileForAll(join(draft, name));
  await truncate(join(draft, snapshotFiles.memory), memoryBytes);
}

/** Stand-ins for paths, which do not change what the guest is. */
const anywhere = {
  disk: { path: 'disk', format: 'qcow2', isWritten: false },
  qmpSocket: 'qmp',
  serialSocket: 'serial',
  firmwareCode: 'code',
  firmwareVariables: 'variables',
  capture: (link: number): string => `link${String(link)}`,
};

/** With KVM a guest sees this machine's processor, and may not go on on another. */
async function hostCpu(): Promise<string> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const lines = /^(?:model name|flags|microcode)\s*:.*$/gm;
  return digest((text.split('\n\n')[0]?.match(lines) ?? []).join('\n'));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

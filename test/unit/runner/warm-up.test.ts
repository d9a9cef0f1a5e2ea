// SPDX-License-Identifier: GPL-3.0-or-later
// The lifeline that a worker prepares must be the one that its first testbed acquires; otherwise the worker starts two.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Engine } from '../../../src/docker/index.ts';
import { identify, type InspectedDisks } from '../../../src/qemu/index.ts';
import type { RunFacts } from '../../../src/runner/facts.ts';
import { SnapshotStore, type Snapshot } from '../../../src/snapshot/index.ts';
import { LifelinePool, type Appliance } from '../../../src/testbed/index.ts';
import type { LifelinePlan } from '../../../src/testbed/lifeline-plan.ts';
import { resolveTopology, type RawTopology } from '../../../src/topology/index.ts';
import { disksWith } from '../../support/disks.ts';
import { rabbit } from '../../support/testbeds.ts';

let directory: string;
let image: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-warm-up-'));
  image = join(directory, 'disk.qcow2');
  await writeFile(image, 'disk');
});

afterEach(async () => {
  vi.doUnmock('../../../src/runner/worker-engine.ts');
  vi.resetModules();
  await rm(directory, { recursive: true });
});

class Acquired extends Error {}

/** Starts nothing, and remembers which lifelines were asked for. */
class RecordingPool extends LifelinePool {
  readonly prepared: LifelinePlan[] = [];
  readonly acquired: LifelinePlan[] = [];

  override prepare(_engine: unknown, plan: LifelinePlan): void {
    this.prepared.push(plan);
  }

  override acquire(_engine: unknown, plan: LifelinePlan): Promise<never> {
    this.acquired.push(plan);
    return Promise.reject(new Acquired());
  }
}

interface Case {
  readonly appliance?: Partial<Appliance>;
  readonly access?: RunFacts['host']['access'];
  readonly accel?: 'kvm' | 'tcg';
  readonly qemuVersion?: string;
  readonly snapshots?: 'no snapshots here';
  /** default: one device of a short topology */
  readonly topology?: RawTopology;
}

function factsOf(
  { appliance, access = { kind: 'bind' }, accel = 'tcg', snapshots, topology = { links: 2 } }: Case,
  disk: InspectedDisks,
): RunFacts {
  const images = ['qemu', 'node'].map((name) => ({ name, reference: `alpy/${name}`, origin: 'default', buildable: true }));
  const host = { images, access, accel, accelReason: '', timeFactor: 1 };
  const names = Object.keys(topology.duts ?? { dut: '' });
  return {
    config: { devices: names.map((name) => ({ name, appliance: rabbit({ image, ...appliance }) })), topology },
    host,
    disks: names.map(() => disk),
    testsDirectory: join(directory, 'tests'),
    snapshots: snapshots ?? { directory: join(directory, 'store'), maxBytes: 1 },
  } as unknown as RunFacts;
}

/** Loads the modules of a worker in a run with these facts, the set-up file first. */
async function startWorker(facts: RunFacts): Promise<{
  readonly pool: RecordingPool;
  readonly worker: typeof import('../../../src/runner/worker-state.ts');
}> {
  const pool = new RecordingPool(facts.testsDirectory);
  vi.doMock('../../../src/runner/worker-engine.ts', () => ({
    runFacts: () => facts,
    workerEngine: () => Promise.resolve({} as Engine),
    workerLifelines: () => pool,
    closeLifelines: () => Promise.resolve(),
  }));
  await import('../../../src/runner/warm-up.ts');
  return { pool, worker: await import('../../../src/runner/worker-state.ts') };
}

const cableBetween: RawTopology = { duts: { left: 'rabbit', right: 'rabbit' }, links: [['left:0', 'right:0']] };
const nodeLink: RawTopology = { duts: { dut: 'rabbit' }, nodes: { client: {}, server: {} }, links: [['client', 'server']] };

/** Creates the testbed of a first test as far as to its lifeline; a snapshot is found in the run's store. */
async function lifelinesOf(about: Case, start: 'cold' | 'snapshot'): Promise<RecordingPool> {
  const { qemuVersion = '10.0.2' } = about;
  const files = [await identify(image)];
  const disk = disksWith({ path: image, format: 'qcow2', virtualBytes: 1, files, qemuVersion, firmware: 'one' });
  const facts = factsOf(about, disk);
  const { pool, worker } = await startWorker(facts);
  const once = (key: string): Promise<Snapshot> => {
    const found = new SnapshotStore(join(directory, 'store'), 1).directoryOf(key);
    return Promise.resolve({ record: { key, files: {} }, directory: found } as unknown as Snapshot);
  };
  const factory = await worker.workerFactory();
  const testDirectory = join(facts.testsDirectory, 'first-test');
  const devices = facts.config.devices.map(({ appliance }) => ({ appliance, disk }));
  const topology = resolveTopology(facts.config.topology);
  const request = { devices, topology, directory: testDirectory, start, once };
  await expect(factory.create(request)).rejects.toBeInstanceOf(Acquired);
  return pool;
}

describe('a worker prepares the lifeline that its first testbed acquires', () => {
  test.for<[string, Case, 'cold' | 'snapshot']>([
    ['from a snapshot', {}, 'snapshot'],
    ['from a snapshot with KVM', { accel: 'kvm' }, 'snapshot'],
    ['from a snapshot, in a container', { access: { kind: 'volumes-from', container: 'job' } }, 'snapshot'],
    ['without snapshots', { snapshots: 'no snapshots here' }, 'snapshot'],
    ['without a login', { appliance: { login: undefined } }, 'snapshot'],
    ['for two devices', { topology: cableBetween }, 'snapshot'],
    ['for a link between nodes', { topology: nodeLink }, 'snapshot'],
  ])('%s', async ([, about, start]) => {
    const { prepared, acquired } = await lifelinesOf(about, start);
    expect(acquired).toHaveLength(1);
    expect(prepared).toEqual(acquired);
  });

  test('in which the QEMU of links between nodes has a container that opens only taps', async () => {
    const { acquired } = await lifelinesOf({ topology: nodeLink, accel: 'kvm' }, 'snapshot');
    const machines = acquired[0]?.machines.map(({ spec: { name, devices, mounts } }) => ({
      name,
      devices,
      mounts: mounts?.length,
    }));
    expect(machines?.[1]).toEqual({ name: 'qemu@links', devices: ['/dev/net/tun'], mounts: 0 });
  });

  test('except for a cold boot in a run with snapshots', async () => {
    const { prepared, acquired } = await lifelinesOf({}, 'cold');
    expect(prepared.map(({ key }) => key)).not.toEqual(acquired.map(({ key }) => key));
  });

  test('but prepares none for an old QEMU, which needs a lifeline per snapshot', async () => {
    const { prepared, acquired } = await lifelinesOf({ qemuVersion: '7.2.22' }, 'snapshot');
    expect(prepared).toEqual([]);
    expect(acquired[0]?.machines[0]?.files.snapshot).toMatchObject({
      readOnly: false,
      path: expect.stringMatching(/saved\/\w{32}$/) as string,
    });
  });
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { markHandled } from '../core/mark-handled.ts';
import { log } from '../core/step.ts';
import type { Engine } from '../docker/index.ts';
import type { DiskImage } from '../qemu/index.ts';
import { createTestbed, provideSnapshot, type Appliance, type Testbed } from '../testbed/index.ts';
import type { Topology } from '../topology/index.ts';
import { SnapshotError, SnapshotStore, type Snapshot } from '../snapshot/index.ts';
import { FailedBoots } from './failed-boots.ts';
import { acquire, type Lease } from './scheduler/lease.ts';
import { testbedMiB } from './scheduler/capacity.ts';
import { runFacts, workerEngine, workerLifelines } from './worker-engine.ts';
import { diskOf, workerDecoder, type TestState } from './worker-state.ts';

/** What a test needs of the machine besides its guest. */
export interface Needs {
  /** memory for what the test runs beside the guest, in MiB; default 0 */
  readonly memoryMiB?: number;
  /** whether no other testbed may run at the same time, for a test that measures; default false */
  readonly exclusive?: boolean;
}

/** What the testbed of a test is to be. */
export interface Wanted {
  readonly appliance: Appliance;
  readonly topology: Topology;
  readonly boot: 'cold' | 'snapshot';
  readonly autoBoot: boolean;
  readonly needs: Needs;
}

/**
 * Makes the testbed of a test, as soon as there is room for it, and boots its guest or restores it from a snapshot.
 * @throws what createTestbed, provideSnapshot and `Dut.boot` throw
 * @throws EnvironmentError when the machine has not got what the test needs
 */
export async function makeTestbed(wanted: Wanted, state: TestState, signal: AbortSignal): Promise<Testbed> {
  const { appliance, needs, autoBoot } = wanted;
  const { host, scheduler } = runFacts();
  const memoryMiB = testbedMiB(appliance.memoryMiB, host.accel) + (needs.memoryMiB ?? 0);
  state.lease = await acquire(scheduler, { kind: 'testbed', memoryMiB, exclusive: needs.exclusive ?? false }, signal);
  const making = make(wanted, state, signal);
  state.testbed = making.then(({ testbed }) => testbed); // all of it, so that who clears up waits for what was begun
  markHandled(state.testbed); // told below
  const { testbed, isRestored } = await making;
  if (!autoBoot) return testbed;
  const { test, directory } = state;
  const boot = (): Promise<void> => testbed.dut.boot({ signal });
  if (isRestored) await boot();
  else {
    using _lock = await acquireBootLock(undefined, signal);
    // who asks for a cold boot wants to see one; who gets one for lack of a snapshot does not want to wait for the same failure
    await (wanted.boot === 'cold' ? boot() : failedBoots().guard(nameOfBoot(wanted), { test, directory }, signal, boot));
  }
  return testbed;
}

/** The boots that failed in this run, remembered beside its scheduler's socket: that folder goes with the run. */
function failedBoots(): FailedBoots {
  return new FailedBoots(dirname(runFacts().scheduler));
}

/** The same for the same machine. */
function nameOfBoot({ appliance, topology }: Wanted): string {
  return createHash('sha256')
    .update(JSON.stringify([appliance, topology]))
    .digest('hex');
}

async function make(
  wanted: Wanted,
  state: TestState,
  signal: AbortSignal,
): Promise<{ readonly testbed: Testbed; readonly isRestored: boolean }> {
  const { appliance, topology } = wanted;
  const [engine, disk, decoder] = [await workerEngine(), await diskOf(appliance), await workerDecoder()];
  const from = await snapshotFor(engine, disk, wanted, state, signal);
  const snapshot = from ? { snapshot: { use: 'restore', from } as const } : {};
  const spec = { appliance, topology, disk, directory: state.directory, decoder, lifelines: workerLifelines(), ...snapshot };
  return { testbed: await createTestbed(engine, runFacts().host, spec, signal), isRestored: from !== undefined };
}

/** The snapshot to start from; none when the test wants to see the boot, and when none can be saved. */
async function snapshotFor(
  engine: Engine,
  disk: DiskImage,
  { appliance, topology, boot, autoBoot }: Wanted,
  state: TestState,
  signal: AbortSignal,
): Promise<Snapshot | undefined> {
  const { host, snapshots } = runFacts();
  if (boot === 'cold' || !autoBoot || !snapshots) return undefined;
  if (!appliance.login) {
    log('alpy.snapshot', 'booting: without appliance.login nobody knows when the guest is ready to be saved');
    return undefined;
  }
  const store = new SnapshotStore(snapshots.directory, snapshots.maxBytes);
  const directory = join(state.directory, 'boot');
  const once = async (key: string, make: () => Promise<Snapshot>): Promise<Snapshot> => {
    using _lock = await acquireBootLock(key, signal);
    return await failedBoots().guard(key, { test: state.test, directory }, signal, make);
  };
  try {
    return await provideSnapshot(engine, host, store, { appliance, topology, disk }, directory, signal, once);
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    log('alpy.snapshot', `booting without a snapshot: ${error.message}`);
    return undefined;
  }
}

function acquireBootLock(name: string | undefined, signal: AbortSignal): Promise<Lease> {
  return acquire(runFacts().scheduler, { kind: 'boot', name }, signal);
}

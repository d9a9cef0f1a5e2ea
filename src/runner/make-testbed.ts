// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { log } from '../core/step.ts';
import type { Engine } from '../docker/index.ts';
import type { DiskImage } from '../qemu/index.ts';
import { createTestbed, provideSnapshot, type Appliance, type Testbed } from '../testbed/index.ts';
import { SnapshotError, SnapshotStore, type Snapshot } from '../snapshot/index.ts';
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
  readonly links: number;
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
  const making = make(wanted, state.directory, signal);
  state.testbed = making.then(({ testbed }) => testbed); // all of it, so that who clears up waits for what was begun
  state.testbed.catch(() => undefined); // told below
  const { testbed, isRestored } = await making;
  if (!autoBoot) return testbed;
  using _turn = isRestored ? undefined : await turnToBoot(undefined, signal);
  await testbed.dut.boot({ signal });
  return testbed;
}

async function make(
  wanted: Wanted,
  directory: string,
  signal: AbortSignal,
): Promise<{ readonly testbed: Testbed; readonly isRestored: boolean }> {
  const { appliance, links } = wanted;
  const [engine, disk, decoder] = [await workerEngine(), await diskOf(appliance), await workerDecoder()];
  const from = await snapshotFor(engine, disk, wanted, directory, signal);
  const snapshot = from ? { snapshot: { use: 'restore', from } as const } : {};
  const spec = { appliance, links, disk, directory, decoder, lifelines: workerLifelines(), ...snapshot };
  return { testbed: await createTestbed(engine, runFacts().host, spec, signal), isRestored: from !== undefined };
}

/** The snapshot to start from; none when the test wants to see the boot, and when none can be saved. */
async function snapshotFor(
  engine: Engine,
  disk: DiskImage,
  { appliance, links, boot, autoBoot }: Wanted,
  directory: string,
  signal: AbortSignal,
): Promise<Snapshot | undefined> {
  const { host, snapshots } = runFacts();
  if (boot === 'cold' || !autoBoot || !snapshots) return undefined;
  if (!appliance.login) {
    log('alpy.snapshot', 'booting: without appliance.login nobody knows when the guest is ready to be saved');
    return undefined;
  }
  const store = new SnapshotStore(snapshots.directory, snapshots.maxBytes);
  const turn = (key: string): Promise<Lease> => turnToBoot(key, signal);
  try {
    return await provideSnapshot(engine, host, store, { appliance, links, disk }, join(directory, 'boot'), signal, turn);
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    log('alpy.snapshot', `booting without a snapshot: ${error.message}`);
    return undefined;
  }
}

function turnToBoot(name: string | undefined, signal: AbortSignal): Promise<Lease> {
  return acquire(runFacts().scheduler, { kind: 'boot', name }, signal);
}

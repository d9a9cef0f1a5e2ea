// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { markHandled } from '../core/mark-handled.ts';
import { categorizedStep } from '../core/step.ts';
import { createdFiles } from '../testbed/device-names.ts';
import type { Appliance, CreatedTestbed, Once, Testbed } from '../testbed/index.ts';
import { SnapshotError } from '../snapshot/index.ts';
import type { Topology } from '../topology/index.ts';
import { nameDevices } from './device-labels.ts';
import { FailedBoots } from './failed-boots.ts';
import { acquire, type Lease } from './scheduler/lease.ts';
import { testbedMiB } from './scheduler/capacity.ts';
import type { TestbedDemand } from './scheduler/scheduler.ts';
import { wantsSpare } from './spare-choice.ts';
import { runFacts } from './worker-engine.ts';
import type { Needs } from './test-options.ts';
import { diskOf, workerFactory, workerSpares, type TestState } from './worker-state.ts';

/** The testbed that a test asks for. */
export interface TestRequest {
  /** one for each DUT of the topology, in order */
  readonly appliances: readonly Appliance[];
  readonly topology: Topology;
  readonly boot: 'cold' | 'snapshot';
  readonly autoBoot: boolean;
  readonly needs: Needs;
}

/**
 * Creates the testbed of a test as soon as the machine has room for it, and boots or restores its guests.
 * @throws what `TestbedFactory.create` and `Dut.boot` throw
 * @throws EnvironmentError when the machine does not have what the test needs
 */
export async function makeTestbed(request: TestRequest, state: TestState, signal: AbortSignal): Promise<Testbed> {
  const { autoBoot, boot } = request;
  const created = (await takeSpare(request, state, signal)) ?? (await createOne(request, state, signal));
  nameDevices(created.duts);
  if (!autoBoot) return created;
  const bootGuest = (): Promise<Testbed> => created.boot({ signal });
  if (areAtSnapshots(created)) {
    const booted = await bootGuest();
    prepareSpare(request, state);
    return booted;
  }
  using _lock = await acquireBootLock(undefined, signal);
  // A test that asks for a cold boot always gets one. A test that boots because there is no snapshot does not repeat a failure.
  if (boot === 'cold') return await bootGuest();
  return await failedBoots().guard(nameOfBoot(request), { test: state.test, directory: state.directory }, signal, bootGuest);
}

async function createOne(request: TestRequest, state: TestState, signal: AbortSignal): Promise<CreatedTestbed> {
  state.lease = await acquire(runFacts().scheduler, demandOf(request), signal);
  const { test, directory } = state;
  const once: Once = async (key, make) => {
    using _lock = await acquireBootLock(key, signal);
    return await failedBoots().guard(key, { test, directory: join(directory, 'boot') }, signal, make);
  };
  const creating = create(request, directory, once, signal);
  state.testbed = creating; // including the snapshot, so that the clean-up waits for it
  markHandled(creating); // awaited here
  return creating;
}

function areAtSnapshots({ duts }: CreatedTestbed): boolean {
  return duts.every(({ isAtSnapshot }) => isAtSnapshot);
}

function demandOf({ appliances, topology, needs }: TestRequest): TestbedDemand {
  return {
    kind: 'testbed',
    memoryMiB: testbedMiB(appliances, topology, runFacts().host.accel) + (needs.memoryMiB ?? 0),
    exclusive: needs.exclusive ?? false,
  };
}

/** The testbed that was made for this test, if it is what the test wants. */
async function takeSpare(request: TestRequest, state: TestState, signal: AbortSignal): Promise<CreatedTestbed | undefined> {
  const { directory } = state;
  const spares = workerSpares();
  if (!spares.has(directory)) return undefined;
  const spare = await categorizedStep('testbed.setup', 'alpy.testbed', 'Take the testbed that was set up in advance', () =>
    spares.take({ directory, key: nameOfSpare(request) }, demandOf(request), signal),
  );
  if (!spare) return undefined;
  state.lease = spare.lease;
  state.testbed = Promise.resolve(spare.testbed);
  return spare.testbed;
}

/** Begins to make the testbed of the next test, which probably wants the same. */
function prepareSpare(request: TestRequest, state: TestState): void {
  const { host, config } = runFacts();
  const { spareTestbeds } = config;
  const directory = wantsSpare(spareTestbeds, request.topology, host.accel) ? state.nextDirectory?.() : undefined;
  if (directory === undefined) return;
  const { memoryMiB } = demandOf({ ...request, needs: {} });
  const gone = new SnapshotError('its snapshot is gone');
  workerSpares().prepare({
    directory,
    files: createdFiles(request.topology),
    key: nameOfSpare(request),
    memoryMiB,
    waitsForCore: spareTestbeds === 'auto',
    create: async (signal) => {
      const created = await create(request, directory, () => Promise.reject(gone), signal);
      if (areAtSnapshots(created)) return created;
      await created.close(); // it would boot
      throw gone;
    },
  });
}

/** @param once - makes the snapshot */
async function create(request: TestRequest, directory: string, once: Once, signal: AbortSignal): Promise<CreatedTestbed> {
  const { appliances, topology, boot, autoBoot } = request;
  const factory = await workerFactory();
  const devices = [];
  for (const appliance of appliances) devices.push({ appliance, disk: await diskOf(appliance) });
  const start = autoBoot ? boot : 'cold';
  return factory.create({ devices, topology, directory, start, once }, signal);
}

/** The boots that failed in this run, stored beside its scheduler's socket: that folder is removed with the run. */
function failedBoots(): FailedBoots {
  return new FailedBoots(dirname(runFacts().scheduler));
}

/** Equal for tests that one testbed serves. */
function nameOfSpare({ appliances, topology, boot, autoBoot }: TestRequest): string {
  return JSON.stringify([appliances, topology, boot, autoBoot]);
}

/** Equal for equal machines. */
function nameOfBoot({ appliances, topology }: TestRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([appliances, topology]))
    .digest('hex');
}

function acquireBootLock(name: string | undefined, signal: AbortSignal): Promise<Lease> {
  return acquire(runFacts().scheduler, { kind: 'boot', name }, signal);
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { markHandled } from '../core/mark-handled.ts';
import type { Appliance, CreatedTestbed, Once, Testbed } from '../testbed/index.ts';
import type { Topology } from '../topology/index.ts';
import { FailedBoots } from './failed-boots.ts';
import { acquire, type Lease } from './scheduler/lease.ts';
import { testbedMiB } from './scheduler/capacity.ts';
import { runFacts } from './worker-engine.ts';
import type { Needs } from './test-options.ts';
import { diskOf, workerFactory, type TestState } from './worker-state.ts';

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
  const { appliances, needs, autoBoot, boot } = request;
  const { host, scheduler } = runFacts();
  const guestsMiB = appliances.reduce((sum, { memoryMiB }) => sum + testbedMiB(memoryMiB, host.accel), 0);
  const memoryMiB = guestsMiB + (needs.memoryMiB ?? 0);
  state.lease = await acquire(scheduler, { kind: 'testbed', memoryMiB, exclusive: needs.exclusive ?? false }, signal);
  const creating = create(request, state, signal);
  state.testbed = creating; // including the snapshot, so that the clean-up waits for it
  markHandled(creating); // awaited here
  const created = await creating;
  if (!autoBoot) return created;
  const bootGuest = (): Promise<Testbed> => created.boot({ signal });
  if (created.duts.every(({ isAtSnapshot }) => isAtSnapshot)) return bootGuest();
  using _lock = await acquireBootLock(undefined, signal);
  // A test that asks for a cold boot always gets one. A test that boots because there is no snapshot does not repeat a failure.
  if (boot === 'cold') return await bootGuest();
  return await failedBoots().guard(nameOfBoot(request), { test: state.test, directory: state.directory }, signal, bootGuest);
}

async function create(request: TestRequest, state: TestState, signal: AbortSignal): Promise<CreatedTestbed> {
  const { appliances, topology, boot, autoBoot } = request;
  const { test, directory } = state;
  const once: Once = async (key, make) => {
    using _lock = await acquireBootLock(key, signal);
    return await failedBoots().guard(key, { test, directory: join(directory, 'boot') }, signal, make);
  };
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

/** Equal for equal machines. */
function nameOfBoot({ appliances, topology }: TestRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([appliances, topology]))
    .digest('hex');
}

function acquireBootLock(name: string | undefined, signal: AbortSignal): Promise<Lease> {
  return acquire(runFacts().scheduler, { kind: 'boot', name }, signal);
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { EnvironmentError } from '../../core/errors.ts';
import { log, step } from '../../core/step.ts';
import { SchedulerClient } from './client.ts';
import type { Demand, TestbedDemand } from './scheduler.ts';

/** A granted demand. It is released when disposed of, or when the process ends. */
export type Lease = Disposable;

/** A shorter wait is not logged, in `ms`. */
const shortMs = 100;

/**
 * Waits until the run's scheduler grants a demand.
 * @param path - socket of the scheduler
 * @throws EnvironmentError when the machine can never meet the demand, or the run has ended
 * @throws the signal's reason
 */
export async function acquire(path: string, demand: Exclude<Demand, { kind: 'spare' }>, signal?: AbortSignal): Promise<Lease> {
  const client = new SchedulerClient(path);
  try {
    await waitForGrant(client, demand, signal);
    return client;
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}

/**
 * Asks for room for a testbed that no test needs yet.
 * @param path - socket of the scheduler
 * @returns `undefined` if memory is short, a test waits, or the run has ended
 * @throws the signal's reason
 */
export async function acquireSpare(path: string, memoryMiB: number, signal: AbortSignal): Promise<SpareLease | undefined> {
  const client = new SchedulerClient(path);
  let lease: SpareLease | undefined;
  try {
    const answer = await client.ask({ kind: 'spare', memoryMiB }, signal);
    if (answer && 'granted' in answer) lease = new SpareLease(client);
    return lease;
  } finally {
    if (!lease) client[Symbol.dispose]();
  }
}

/** Room for a spare testbed. The scheduler may want it back. */
export class SpareLease implements Disposable {
  readonly #client: SchedulerClient;

  constructor(client: SchedulerClient) {
    this.#client = client;
  }

  /** aborts when a test of another process needs the room: the testbed then has to be closed, and this released */
  get revoked(): AbortSignal {
    return this.#client.revoked;
  }

  /**
   * Waits until a test may use the testbed.
   * @returns the lease of the test; `undefined` if the scheduler wants the room back
   * @throws what {@link acquire} throws
   */
  async use(demand: TestbedDemand, signal: AbortSignal): Promise<Lease | undefined> {
    const client = this.#client;
    if (this.revoked.aborted) return undefined;
    try {
      await waitForGrant(client, demand, AbortSignal.any([signal, this.revoked]));
      return client;
    } catch (error) {
      if (error === this.revoked.reason) return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}

async function waitForGrant(
  client: SchedulerClient,
  demand: Exclude<Demand, { kind: 'spare' }>,
  signal?: AbortSignal,
): Promise<void> {
  const what = demand.kind === 'boot' ? 'its turn to boot' : demand.exclusive ? 'all other tests to end' : 'room for the testbed';
  await step('alpy.runner', `Wait for ${what}`, async () => {
    const startMs = performance.now();
    const answer = await client.ask(demand, signal);
    if (answer === undefined)
      throw new EnvironmentError(`the run's scheduler ended while a test waited for ${what}`, { cause: client.lost });
    if ('refused' in answer)
      throw new EnvironmentError(
        `${answer.refused}. Lower appliance.memoryMiB or what the test needs, raise testbedsMiB if it is set, or use a larger machine`,
      );
    const waitedMs = performance.now() - startMs;
    if (waitedMs > shortMs) log('alpy.runner', `waited ${(waitedMs / 1000).toFixed(1)} s for ${what}`);
  });
}

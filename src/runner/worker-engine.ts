// SPDX-License-Identifier: GPL-3.0-or-later
// Separate from worker-state.ts because it loads little: a worker needs it first.
import { inject } from 'vitest';
import { UsageError } from '../core/errors.ts';
import { Engine } from '../docker/index.ts';
import { LifelinePool } from '../testbed/lifelines.ts';
import { factsKey, type RunFacts } from './facts.ts';

let engine: Promise<Engine> | undefined;
let lifelines: LifelinePool | undefined;

/**
 * Returns what the main process found out.
 * @throws UsageError when the test was not started by `alpy run`
 */
export function runFacts(): RunFacts {
  const facts = inject(factsKey) as RunFacts | undefined;
  if (!facts) throw new UsageError('tests that import "alpy/test" must be run with: alpy run');
  return facts;
}

/** Returns this worker's connection to the daemon. */
export function workerEngine(): Promise<Engine> {
  const { runId, jobId } = runFacts();
  return (engine ??= Engine.connect({ runId, jobId, isGuarded: false }));
}

/** Returns the lifelines that the tests of this worker share. */
export function workerLifelines(): LifelinePool {
  const { testsDirectory, testsPerFile } = runFacts();
  return (lifelines ??= new LifelinePool(testsDirectory, testsPerFile));
}

/** Ends this worker's lifelines. */
export async function closeLifelines(): Promise<void> {
  const closing = lifelines;
  lifelines = undefined;
  await closing?.[Symbol.asyncDispose]();
}

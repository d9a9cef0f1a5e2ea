// SPDX-License-Identifier: GPL-3.0-or-later
// Apart from the rest of a worker's state, as it loads little: it is wanted before all else.
import { inject } from 'vitest';
import { UsageError } from '../core/errors.ts';
import { Engine } from '../docker/index.ts';
import { LifelinePool } from '../testbed/lifelines.ts';
import { factsKey, type RunFacts } from './facts.ts';

let engine: Promise<Engine> | undefined;
let lifelines: LifelinePool | undefined;

/**
 * What the main process has found out.
 * @throws UsageError when the test was not started by `alpy run`
 */
export function runFacts(): RunFacts {
  const facts = inject(factsKey) as RunFacts | undefined;
  if (!facts) throw new UsageError('tests that import "alpy/test" are run by: alpy run');
  return facts;
}

/** This worker's connection to the daemon. */
export function workerEngine(): Promise<Engine> {
  const { runId, jobId } = runFacts();
  return (engine ??= Engine.connect({ runId, jobId }));
}

/** The lifelines that the tests of this worker use one after the other. */
export function workerLifelines(): LifelinePool {
  const { testsDirectory, testsPerFile } = runFacts();
  return (lifelines ??= new LifelinePool(testsDirectory, testsPerFile));
}

/** Ends the lifelines that no test has any more. */
export async function closeLifelines(): Promise<void> {
  const closing = lifelines;
  lifelines = undefined;
  await closing?.[Symbol.asyncDispose]();
}

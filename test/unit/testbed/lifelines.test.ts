// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { Engine } from '../../../src/docker/index.ts';
import type { LifelinePlan } from '../../../src/testbed/lifeline-plan.ts';
import { LifelinePool } from '../../../src/testbed/lifelines.ts';

test('a caller that has cancelled gets its own reason, not why the lifeline could not be prepared', async () => {
  await using lifelines = new LifelinePool('/alpy');
  const plan = { key: 'one' } as LifelinePlan;
  const engine = Promise.reject<Engine>(new Error('cannot create the container of qemu'));
  await engine.catch(() => undefined);
  lifelines.prepare(engine, plan);
  await new Promise(setImmediate); // now the preparation has failed
  const reason = new Error('the Docker daemon was stopped');
  await expect(lifelines.acquire({} as Engine, plan, AbortSignal.abort(reason))).rejects.toBe(reason);
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { ownIdentity } from '../../../src/core/identity.ts';
import { Engine } from '../../../src/docker/engine.ts';
import { removeLeftovers, removeOfDead, removeOwn } from '../../../src/docker/leftovers.ts';
import { listingDaemon, type Listed } from '../../support/listing-daemon.ts';

/** Identity of a process that has exited. */
const deadIdentity = ownIdentity()!.replace(/\d+ \d+$/, `${spawnSync('true').pid} 1`);

/** See {@link listingDaemon}. */
async function daemonWith(containers: readonly Listed[]): Promise<{ engine: Engine; removed: string[] }> {
  const { socketPath, removed } = await listingDaemon(containers);
  const engine = await Engine.connect({ socketPath, runId: 'mine' });
  onTestFinished(() => {
    engine[Symbol.dispose](); // before the daemon
  });
  return { engine, removed };
}

const elsewhere = '00000000-0000-0000-0000-000000000000 pid:[1] 7 8';

test('containers of a live process stay in every state; those of a dead one are removed in every state', async () => {
  const states = ['created', 'running', 'exited'];
  const alive = states.map((state) => ({ name: `alive-${state}`, run: 'a', state, owner: ownIdentity(), ageS: 9999 }));
  const dead = states.map((state) => ({ name: `dead-${state}`, run: 'd', state, owner: deadIdentity }));
  const { engine, removed } = await daemonWith([...alive, ...dead]);
  await expect(removeLeftovers(engine, undefined)).resolves.toEqual(states.map((state) => `alpy-d-1-1-dead-${state}`));
  expect(removed).toEqual(['dead-created', 'dead-running', 'dead-exited']);
});

test('containers of another machine stay as long as the lifeline of their run, and for ten minutes', async () => {
  const { engine, removed } = await daemonWith([
    { name: 'alpy-l-lifeline', run: 'l', state: 'running', owner: elsewhere, ageS: 9999 },
    { name: 'alpy-l-node0', run: 'l', state: 'created', owner: elsewhere, ageS: 9999 },
    { name: 'alpy-y-lifeline', run: 'y', state: 'created', owner: elsewhere, ageS: 599 },
    { name: 'alpy-o-lifeline', run: 'o', state: 'created', owner: elsewhere, ageS: 600 },
    { name: 'alpy-u-node0', run: 'u', state: 'exited', ageS: 600 },
  ]);
  await removeLeftovers(engine, undefined);
  expect(removed).toEqual(['alpy-o-lifeline', 'alpy-u-node0']);
});

test('a run that ends removes its own leftovers and those of dead processes, and nothing else of other runs', async () => {
  const { engine, removed } = await daemonWith([
    { name: 'mine', run: 'mine', state: 'created', owner: ownIdentity() },
    { name: 'orphan', run: 'd', state: 'created', owner: deadIdentity },
    { name: 'alive', run: 'a', state: 'created', owner: ownIdentity() },
    { name: 'far', run: 'f', state: 'created', owner: elsewhere, ageS: 9999 },
  ]);
  await removeOwn(engine);
  expect(removed).toEqual(['mine']);
  await removeOfDead(engine);
  expect(removed).toEqual(['mine', 'orphan']);
});

test('a container whose removal the death of the daemon interrupted has no name any more, and is removed', async () => {
  const { engine, removed } = await daemonWith([
    { name: 'half-removed', run: 'd', state: 'dead', owner: deadIdentity, names: [] },
    { name: 'nameless', run: 'd', state: 'running', owner: deadIdentity, names: [] },
  ]);
  await removeOfDead(engine);
  expect(removed).toEqual(['half-removed']);
});

test('a container that somebody started from an image with our labels is not ours', async () => {
  const { engine, removed } = await daemonWith([
    { name: 'theirs', run: 'd', state: 'running', owner: deadIdentity, names: ['/their-d-1-1-theirs'] },
    { name: 'ours', run: 'd', state: 'running', owner: deadIdentity },
  ]);
  expect(await removeLeftovers(engine, undefined)).toEqual(['alpy-d-1-1-ours']);
  await removeLeftovers(engine, 'd');
  await removeOfDead(engine);
  expect(removed).not.toContain('theirs');
});

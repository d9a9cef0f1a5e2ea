// SPDX-License-Identifier: GPL-3.0-or-later
import { spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { ownIdentity } from '../../../src/core/identity.ts';
import { Engine } from '../../../src/docker/engine.ts';
import { removeLeftovers, removeOfDead, removeOwn } from '../../../src/docker/leftovers.ts';
import { FakeDaemon } from '../../support/fake-daemon.ts';

/** Identity of a process that has exited. */
const deadIdentity = ownIdentity()!.replace(/\d+ \d+$/, `${spawnSync('true').pid} 1`);

const nowS = 1_800_000_000;

interface Listed {
  readonly name: string;
  readonly run: string;
  readonly state: string;
  readonly owner?: string | undefined;
  readonly ageS?: number;
  readonly isNamedByUs?: boolean;
}

/** A daemon with these containers; `removed` is what it was asked to remove. */
async function daemonWith(containers: readonly Listed[]): Promise<{ engine: Engine; removed: string[] }> {
  const removed: string[] = [];
  const daemon = await FakeDaemon.open((request, response) => {
    if (request.method === 'DELETE') {
      removed.push(/\/containers\/([^?]*)/.exec(request.url ?? '')?.[1] ?? '');
      response.writeHead(204).end();
    } else if (request.url?.startsWith('/containers/json') === true) {
      const ofRun = /io\.alpy\.run=(\w+)/.exec(decodeURIComponent(request.url))?.[1];
      const listed = containers
        .filter(({ run }) => ofRun === undefined || run === ofRun)
        .map(({ name, run, state, owner, ageS = 0, isNamedByUs = true }) => ({
          Id: name,
          Names: [`/${isNamedByUs ? 'alpy' : 'their'}-${run}-1-1-${name}`],
          State: state,
          Created: nowS - ageS,
          Labels: { 'io.alpy.run': run, ...(owner === undefined ? {} : { 'io.alpy.owner': owner }) },
        }));
      response.end(JSON.stringify(listed));
    } else if (request.url === '/info') response.end(JSON.stringify({ SystemTime: new Date(nowS * 1000).toISOString() }));
    else return false;
    return true;
  });
  const engine = await Engine.connect({ socketPath: daemon.socketPath, runId: 'mine' });
  onTestFinished(async () => {
    engine[Symbol.dispose]();
    await daemon[Symbol.asyncDispose]();
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

test('a container that somebody started from an image with our labels is not ours', async () => {
  const { engine, removed } = await daemonWith([
    { name: 'theirs', run: 'd', state: 'running', owner: deadIdentity, isNamedByUs: false },
    { name: 'ours', run: 'd', state: 'running', owner: deadIdentity },
  ]);
  expect(await removeLeftovers(engine, undefined)).toEqual(['alpy-d-1-1-ours']);
  await removeLeftovers(engine, 'd');
  await removeOfDead(engine);
  expect(removed).not.toContain('theirs');
});

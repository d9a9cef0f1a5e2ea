// SPDX-License-Identifier: GPL-3.0-or-later
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ownIdentity } from '../../../src/core/identity.ts';
import { Engine, ownerLabel, runLabel } from '../../../src/docker/engine.ts';
import { removeRunLeftovers } from '../../../src/runner/run-leftovers.ts';
import { FakeDaemon } from '../../support/fake-daemon.ts';

const dead = ownIdentity()?.replace(/\d+ \d+$/, `${spawnSync('true').pid} 1`);

/** A daemon with a container of this run and one of a dead run, which it can't remove. */
function openDaemon(removed: string[]): Promise<FakeDaemon> {
  const containers = [
    {
      Id: 'mine',
      Names: ['/alpy-mine-1-1-node0'],
      State: 'created',
      Labels: { [runLabel]: 'mine', [ownerLabel]: ownIdentity() },
    },
    { Id: 'stuck', Names: ['/alpy-other-1-1-node0'], State: 'created', Labels: { [runLabel]: 'other', [ownerLabel]: dead } },
  ];
  return FakeDaemon.open((request, response) => {
    const url = decodeURIComponent(request.url ?? '');
    if (url.startsWith('/containers/json')) {
      const there = containers.filter(({ Id }) => Id === 'stuck' || !removed.includes(Id));
      response.end(JSON.stringify(there.filter(({ Id }) => !url.includes(`${runLabel}=mine`) || Id === 'mine')));
    } else if (request.method === 'DELETE') {
      const [, name = ''] = /containers\/(\w+)/.exec(url) ?? [];
      removed.push(name);
      response.writeHead(name === 'mine' ? 204 : 500).end(JSON.stringify({ message: 'device or resource busy' }));
    } else return false;
    return true;
  });
}

test.each([
  [true, ['mine']],
  [false, ['mine', 'stuck']],
])('leftovers of a dead run that cannot be removed are not an error of this run (hurried: %s)', async (isHurried, asked) => {
  const removed: string[] = [];
  await using daemon = await openDaemon(removed);
  using engine = await Engine.connect({ socketPath: daemon.socketPath, runId: 'mine' });
  expect(await removeRunLeftovers(engine, { isHurried, areWorkersClosed: true })).toEqual([]);
  expect(removed).toEqual(asked);
});

test('a container that a dead worker had just requested is removed, too', async () => {
  const removed: string[] = [];
  let looks = 0;
  await using daemon = await FakeDaemon.open((request, response) => {
    if (request.url?.startsWith('/containers/json') === true) {
      looks += 1;
      const late = {
        Id: 'late',
        Names: ['/alpy-mine-2-1-qemu'],
        State: 'created',
        Labels: { [runLabel]: 'mine', [ownerLabel]: dead },
      };
      response.end(JSON.stringify(looks === 2 ? [late] : []));
    } else if (request.method === 'DELETE') {
      removed.push(request.url ?? '');
      response.writeHead(204).end();
    } else return false;
    return true;
  });
  using engine = await Engine.connect({ socketPath: daemon.socketPath, runId: 'mine' });
  expect(await removeRunLeftovers(engine, { isHurried: false, areWorkersClosed: false })).toEqual([]);
  expect(removed).toEqual([expect.stringMatching(/^\/containers\/late\?/)]);
});

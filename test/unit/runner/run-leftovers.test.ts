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
  expect(await removeRunLeftovers(engine, isHurried)).toEqual([]);
  expect(removed).toEqual(asked);
});

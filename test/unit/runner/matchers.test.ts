// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { exitStatusOf } from '../../../src/core/exit-status.ts';
import { ExecError } from '../../../src/docker/index.ts';
import { Node } from '../../../src/network/index.ts';
import { matchers } from '../../../src/runner/matchers.ts';

/** A node whose pings end as `ping` says. */
function nodeThat(ping: () => Promise<{ readonly sent: number; readonly received: number }>): Node {
  return Object.assign(Object.create(Node.prototype) as Node, { name: 'node0', ping });
}

test('only a node that got no answer in time has missed a deadline', async () => {
  const silence = nodeThat(() => Promise.resolve({ sent: 50, received: 0 }));
  expect(await matchers.toReach(silence, '10.0.0.1')).toMatchObject({ pass: false, meta: { hasMissedDeadline: true } });
  const noRoute = new ExecError('node0', ['ping'], exitStatusOf(2), '', 'ping: connect: Network is unreachable');
  const lost = nodeThat(() => Promise.reject(noRoute));
  expect(await matchers.toReach(lost, '10.0.0.1')).toMatchObject({ pass: false, meta: { hasMissedDeadline: false } });
  const answer = nodeThat(() => Promise.resolve({ sent: 1, received: 1 }));
  expect(await matchers.toReach(answer, '10.0.0.1')).toMatchObject({ pass: true, meta: { hasMissedDeadline: false } });
});

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

/** What `expect(node).toReach` finds, or its negation. */
const toReach = (node: Node, timeoutMs: number, isNot = false): ReturnType<typeof matchers.toReach> =>
  matchers.toReach.call({ isNot }, node, '10.0.0.1', { timeoutMs });

test('only a node that got no answer in time has missed a deadline', async () => {
  const silence = nodeThat(() => Promise.resolve({ sent: 50, received: 0 }));
  expect(await toReach(silence, 1)).toMatchObject({ pass: false, meta: { hasMissedDeadline: true } });
  const noRoute = new ExecError('node0', ['ping'], exitStatusOf(2), '', 'ping: connect: Network is unreachable');
  const lost = nodeThat(() => Promise.reject(noRoute));
  expect(await toReach(lost, 1)).toMatchObject({ pass: false, meta: { hasMissedDeadline: false } });
  const answer = nodeThat(() => Promise.resolve({ sent: 1, received: 1 }));
  expect(await toReach(answer, 1)).toMatchObject({ pass: true, meta: { hasMissedDeadline: false } });
});

test('`toReach` tries again until its deadline if ping ends early, and its negation does not', async () => {
  const reports = [0, 0, 1];
  const later = nodeThat(() => Promise.resolve({ sent: 1, received: reports.shift() ?? 0 }));
  expect(await toReach(later, 10_000)).toMatchObject({ pass: true });
  expect(reports).toEqual([]);

  const attempts: number[] = [];
  const never = nodeThat(() => Promise.resolve({ sent: 1, received: attempts.push(1) * 0 }));
  expect(await toReach(never, 10_000, true)).toMatchObject({ pass: false });
  expect(attempts).toHaveLength(1);
});

test.each<[readonly unknown[], string]>([
  [[], 'expected target to be a string, got nothing'],
  [[''], 'expected target to be a string that is not empty, got ""'],
  [['10.0.0.1', 1000], 'expected options to be an object with options (timeoutMs), got 1000. Did you mean { timeoutMs: 1000 }?'],
  [['10.0.0.1', { timeout: 5 }], 'unknown option "timeout": did you mean "timeoutMs"? Expected one of: timeoutMs'],
  [['10.0.0.1', { timeoutMs: '5s' }], 'expected timeoutMs to be a number of milliseconds from 0 to 2147483647, got "5s"'],
  [['10.0.0.1', {}, 3], 'expected at most 2 arguments, got 3: expect(node).toReach(target, options)'],
])('`toReach` refuses %j, and says what it expects', async (args, message) => {
  const toReachOf = matchers.toReach as (this: object, ...all: readonly unknown[]) => Promise<unknown>;
  const node = nodeThat(() => Promise.reject(new Error('pinged')));
  await expect(toReachOf.call({}, node, ...args)).rejects.toMatchObject({
    code: 'ALPY_USAGE',
    message: `expect(node).toReach: ${message}`,
  });
});

test('`toReach` refuses a value in `expect(…)` that is no node', async () => {
  const link = { name: 'link0' } as unknown as Node;
  await expect(toReach(link, 1)).rejects.toThrow(
    'expect(node).toReach: expected node to be a node, such as nodes[0], got an object',
  );
});

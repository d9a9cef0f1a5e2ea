// SPDX-License-Identifier: GPL-3.0-or-later
// The bounded variant of `npm run test:long`.
import { expect, test } from 'vitest';
import { judge } from '../long/judge.ts';
import { longRun } from '../long/long-run.ts';

test('30 testbeds in one run pass, leave nothing, and memory, descriptors, containers, processes and files stay flat', async () => {
  const run = await longRun({ testbeds: 30, every: 2, workers: 3, say: () => undefined });
  expect(run.status, run.output).toBe(0);
  expect(run.testbeds).toBe(30);
  expect(run.left).toEqual([]);
  expect(judge(run.samples).filter(({ isFlat }) => !isFlat)).toEqual([]);
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { step, withSink, type StepEvent } from '../../../../src/core/step.ts';
import { LinkFault } from '../../../../src/testbed/faults/link-fault.ts';
import { fakeMachine } from '../../../support/filter-place.ts';

test('an impairment that begins later is a step beside its preparation, which has ended before', async () => {
  const { place: machine } = fakeMachine(() => Promise.resolve({}));
  const crossing = { near: ['dut'], far: ['node0'], netdev: 'net0', machine } as const;
  const steps: Extract<StepEvent, { kind: 'begin' }>[] = [];
  const take = (event: StepEvent): void => {
    if (event.kind === 'begin') steps.push(event);
  };
  await withSink(take, () =>
    step('test', 'Outer', async () => {
      const fault = await LinkFault.start('link0', [crossing], { lossPercent: 1, afterMs: 1, seed: 7 });
      await expect.poll(() => steps.length, { interval: 1, timeout: 30_000 }).toBe(3);
      fault.cancel();
    }),
  );
  const [outer, prepare, begin] = steps;
  expect([prepare?.title, begin?.title]).toEqual([
    'Impair link0: lossPercent 1, after 1 ms, both directions, seed 7',
    'Begin the impairment of link0',
  ]);
  expect([prepare?.parentId, begin?.parentId]).toEqual([outer?.id, outer?.id]);
});

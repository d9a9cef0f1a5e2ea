// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { categorizedStep, log, logUnscoped, step, withSink, type StepEvent } from '../../../src/core/step.ts';

test('events name their step, the step that encloses it, and its category', async () => {
  const events: StepEvent[] = [];
  await withSink(
    (event) => events.push(event),
    async () => {
      log('test', 'outside');
      await categorizedStep('testbed.boot', 'alpy.testbed', 'Boot', () =>
        step('alpy.qemu', 'Start QEMU', () => {
          log('test', 'inside');
          logUnscoped('alpy.docker', 'node0 ended');
          return Promise.resolve();
        }),
      );
    },
  );
  const ids = events.flatMap((event) => (event.kind === 'begin' ? event.id : []));
  const [boot, qemu] = ids;
  expect(new Set(ids).size).toBe(2);
  const bootStep = { id: boot, category: 'testbed.boot', source: 'alpy.testbed', title: 'Boot' };
  const qemuStep = { id: qemu, parentId: boot, category: 'step', source: 'alpy.qemu', title: 'Start QEMU' };
  const timeMs = expect.any(Number) as number;
  expect(events).toEqual([
    { kind: 'log', source: 'test', text: 'outside', timeMs },
    { kind: 'begin', ...bootStep, timeMs },
    { kind: 'begin', ...qemuStep, timeMs },
    { kind: 'log', stepId: qemu, source: 'test', text: 'inside', timeMs },
    { kind: 'log', source: 'alpy.docker', text: 'node0 ended', timeMs },
    { kind: 'end', ...qemuStep, timeMs, durationMs: timeMs },
    { kind: 'end', ...bootStep, timeMs, durationMs: timeMs },
  ]);
});

test('steps of several tests that run at once in one process have different ids', async () => {
  const ids: string[] = [];
  const oneTest = (): Promise<void> =>
    withSink(
      (event) => {
        if (event.kind === 'begin') ids.push(event.id);
      },
      () => step('test', 'Same title', () => Promise.resolve()),
    );
  await Promise.all(Array.from({ length: 20 }, oneTest));
  expect(new Set(ids).size).toBe(20);
});

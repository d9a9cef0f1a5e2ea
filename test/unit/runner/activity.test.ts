// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test, vi } from 'vitest';
import { activityOf, ActivityReporter, type Activity } from '../../../src/runner/activity.ts';
import { isReady, readyMessage } from '../../../src/runner/ready.ts';
import { begin, end, line } from '../report/build.ts';

test('a test reports at once that it has begun, then its open steps, at most a few times a second', async () => {
  const sent: Activity[] = [];
  const named = { id: '1', file: 'tests/a.test.ts', fullName: 'one' };
  using reporter = new ActivityReporter(named, (message) => {
    sent.push(activityOf(message)!);
  });
  expect(sent).toEqual([{ ...named, steps: [] }]);
  for (let count = 0; count < 1000; count += 1) {
    reporter.sink(begin('short'));
    reporter.sink(end('short'));
  }
  reporter.sink(begin('outer'));
  reporter.sink(line('a line'));
  reporter.sink(begin('inner', { category: 'testbed.boot' }));
  await vi.waitFor(() => {
    expect(sent).toHaveLength(2);
  }, 20_000);
  expect(sent[1]?.steps.map(({ title, category }) => [title, category])).toEqual([
    ['outer', 'step'],
    ['inner', 'testbed.boot'],
  ]);
});

test('only messages of alpy are taken from those of Vitest', () => {
  expect([activityOf({ type: 'rpc' }), activityOf(undefined), activityOf(readyMessage)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect([isReady(readyMessage), isReady({ alpy: 'activity' }), isReady(null)]).toEqual([true, false, false]);
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { Vitest } from 'vitest/node';
import { cancellingSequencer, runSpecifications } from '../../../src/runner/run-specifications.ts';

/** What the run does, in order; its Vitest ends when `finish` is called. */
function fakeRun(): { calls: string[]; vitest: Vitest; finish: () => void; workers: { killUnready(): void; killAll(): void } } {
  const calls: string[] = [];
  const running = Promise.withResolvers<void>();
  const vitest = {
    runTestSpecifications: () => running.promise,
    cancelCurrentRun: () => {
      calls.push('cancel');
      return Promise.resolve();
    },
  } as unknown as Vitest;
  const workers = {
    killUnready: () => void calls.push('kill those that are not ready'),
    killAll: () => void calls.push('kill all'),
  };
  return { calls, vitest, finish: running.resolve, workers };
}

const soon = { graceMs: 5, noticeMs: 5 };

test('a signal from before the start of the run cancels the run when it starts', async () => {
  const { calls, vitest } = fakeRun();
  const stop = new AbortController();
  const sequencer = new (cancellingSequencer(stop.signal))(vitest);
  stop.abort();
  expect(calls).toEqual([]); // Vitest would forget it
  await sequencer.sort([]);
  expect(calls).toEqual(['cancel']);
});

test('a signal during the run cancels it at once', async () => {
  const { calls, vitest } = fakeRun();
  const stop = new AbortController();
  await new (cancellingSequencer(stop.signal))(vitest).sort([]);
  expect(calls).toEqual([]);
  stop.abort();
  expect(calls).toEqual(['cancel']);
});

test('workers that cannot be cancelled are killed at once, all others after the grace time', async () => {
  const { calls, vitest, workers } = fakeRun();
  await runSpecifications(vitest, [], workers, AbortSignal.abort(), soon);
  expect(calls).toEqual(['kill those that are not ready', 'kill all']);
});

test('workers that clean up in time are not killed', async () => {
  const { calls, vitest, finish, workers } = fakeRun();
  const stop = new AbortController();
  const run = runSpecifications(vitest, [], workers, stop.signal, { graceMs: 60_000, noticeMs: 60_000 });
  stop.abort();
  await Promise.resolve();
  finish();
  await run;
  await new Promise((resolve) => setImmediate(resolve));
  expect(calls).toEqual(['kill those that are not ready']);
});

test('a run that is not stopped kills no worker', async () => {
  const { calls, vitest, finish, workers } = fakeRun();
  const stop = new AbortController();
  finish();
  await runSpecifications(vitest, [], workers, stop.signal, soon);
  stop.abort();
  await new Promise((resolve) => setImmediate(resolve));
  expect(calls).toEqual([]);
});

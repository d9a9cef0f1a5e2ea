// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { step, withSink, type StepEvent } from '../../../../src/core/step.ts';
import type { FaultTimes } from '../../../../src/testbed/faults/impair-options.ts';
import { TimedFault } from '../../../../src/testbed/faults/timed-fault.ts';

const hourMs = 3_600_000;

/** Starts a fault that records when it begins and ends, in `ms` since the call. */
async function startFault(
  times: FaultTimes,
  failing?: 'begin' | 'end',
): Promise<{ fault: TimedFault; done: string[]; timesMs: number[] }> {
  const callMs = performance.now();
  const done: string[] = [];
  const timesMs: number[] = [];
  const record = (what: 'begin' | 'end') => (): Promise<void> => {
    done.push(what);
    timesMs.push(performance.now() - callMs);
    return failing === what ? Promise.reject(new Error(`cannot ${what}`)) : Promise.resolve();
  };
  const fault = await TimedFault.start(times, callMs, { begin: record('begin'), end: record('end') });
  return { fault, done, timesMs };
}

test('a fault begins at once, and lasts until the end of its block', async () => {
  const { fault, done } = await startFault({});
  {
    await using _fault = fault;
    expect(done).toEqual(['begin']);
  }
  expect(done).toEqual(['begin', 'end']);
  await fault.end(); // does nothing
  expect(done).toEqual(['begin', 'end']);
});

test('afterMs and durationMs: a fault begins later and ends by itself, and `ended` resolves', async () => {
  const { fault, done, timesMs } = await startFault({ afterMs: 40, durationMs: 30 });
  expect(done).toEqual([]);
  await fault.ended;
  expect(done).toEqual(['begin', 'end']);
  const [beginMs, endMs] = timesMs;
  expect(beginMs).toBeGreaterThan(38); // a timer may fire 1 ms early
  expect(endMs! - beginMs!).toBeGreaterThan(28);
  await fault.end();
  expect(done).toEqual(['begin', 'end']);
});

test('a fault that is ended before its time does not begin; its end is called, because it may have prepared something', async () => {
  const { fault, done } = await startFault({ afterMs: hourMs, durationMs: hourMs });
  await fault.end();
  expect(done).toEqual(['end']);
  await fault.ended;
});

test('a fault that is ended before its duration is over ends at once', async () => {
  const { fault, done } = await startFault({ durationMs: hourMs });
  await fault.end();
  expect(done).toEqual(['begin', 'end']);
});

test('the step that ends a fault has the steps of its end', async () => {
  const begun = new Map<string, Extract<StepEvent, { kind: 'begin' }>>();
  const take = (event: StepEvent): void => {
    if (event.kind === 'begin') begun.set(event.title, event);
  };
  await withSink(take, async () => {
    const fault = await step('test', 'Break it', () =>
      TimedFault.start({ durationMs: hourMs }, performance.now(), {
        begin: () => Promise.resolve(),
        end: () => step('test', 'Plug in', () => Promise.resolve()),
      }),
    );
    await step('test', 'Mend it', () => fault.end());
  });
  expect(begun.get('Plug in')?.parentId).toBe(begun.get('Mend it')?.id);
});

test('a testbed that ends cancels what is scheduled: nothing is called any more', async () => {
  const scheduled = await startFault({ afterMs: hourMs });
  const active = await startFault({ durationMs: hourMs });
  for (const { fault } of [scheduled, active]) {
    fault.cancel();
    await fault.ended;
    await fault.end();
  }
  expect([scheduled.done, active.done]).toEqual([[], ['begin']]);
});

test('a fault that cannot begin at once rejects the call', async () => {
  await expect(startFault({ durationMs: 1 }, 'begin')).rejects.toThrow('cannot begin');
});

test.each(['begin', 'end'] as const)(
  'a scheduled fault that cannot %s rejects `ended` and the first `end`, and is a failure of the testbed',
  async (what) => {
    const { fault, done } = await startFault({ afterMs: 1, durationMs: 1 }, what);
    await expect(fault.ended).rejects.toThrow(`cannot ${what}`);
    expect(fault.failure).toMatchObject({ message: `cannot ${what}` });
    expect(done).toEqual(['begin', 'end']);
    await expect(fault.end()).rejects.toThrow(`cannot ${what}`);
    await fault.end();
  },
);

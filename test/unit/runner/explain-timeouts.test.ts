// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { addWitness, withDeadline } from '../../../src/core/deadline.ts';
import { DeviceError, notesOf, UsageError } from '../../../src/core/errors.ts';
import { ConsoleTimeoutError } from '../../../src/console/errors.ts';
import { BootError } from '../../../src/testbed/errors.ts';
import { explainTimeouts } from '../../../src/runner/explain-timeouts.ts';

const load = ['programs waited for a processor 97 % of the time'];

/** A machine that was overloaded in all spans that overlap with one. */
function overloaded(
  fromMs = 0,
  toMs = Infinity,
): { overloadBetween: (from: number, to: number) => Promise<string[] | undefined> } {
  return { overloadBetween: (from, to) => Promise.resolve(from < toMs && to > fromMs ? load : undefined) };
}

const late = (): Error => new ConsoleTimeoutError('console', 'a prompt', 5, '');

test('a missed deadline on an overloaded machine is noted with the measurements; other errors are not', async () => {
  const errors = [
    late(),
    new BootError('did not boot', { cause: late() }),
    new DeviceError('wrong answer'),
    new UsageError('wrong'),
  ];
  await expect(explainTimeouts(errors, 0, overloaded())).resolves.toBe(true);
  expect(errors.map((error) => notesOf(error).load)).toEqual([load, load, undefined, undefined]);
});

test('if the machine was not overloaded, nothing is noted', async () => {
  const error = late();
  await expect(explainTimeouts([error], 0, overloaded(0, 0))).resolves.toBe(false);
  expect(notesOf(error)).toEqual({});
});

test('only the load during the wait counts, not that of the whole test', async () => {
  const startMs = performance.now();
  await sleep(50);
  const error: unknown = await withDeadline({ timeoutMs: 20 }, late, () => new Promise(() => undefined)).catch(
    (reason: unknown) => reason,
  );
  await expect(explainTimeouts([error as Error], startMs, overloaded(startMs, startMs + 30))).resolves.toBe(false);
  await expect(explainTimeouts([error as Error], startMs, overloaded(startMs + 45))).resolves.toBe(true);
});

test("a daemon that did not answer excuses Vitest's timeout of the test", async () => {
  const error = { message: 'Test timed out in 5000ms.' };
  using _witness = addWitness(() => Promise.resolve(new Error('the daemon was silent')));
  await expect(explainTimeouts([error], 0, overloaded(0, 0))).resolves.toBe(true);
  expect(notesOf(error).excuse).toBe('the daemon was silent');
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { EnvironmentError, messageOf, partsOf } from '../../../src/core/errors.ts';
import { CleanupError } from '../../../src/core/lifetime.ts';
import { step, withSink, type StepEvent } from '../../../src/core/step.ts';

/** Fails, and then fails again in its clean-up. */
async function failTwice(): Promise<void> {
  await using _used = { [Symbol.asyncDispose]: () => Promise.reject(new Error('the clean-up failed')) };
  await Promise.reject(new Error('the body failed'));
}

async function caught(body: () => Promise<unknown>): Promise<unknown> {
  return body().then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('the message of an error that stands for several lists all, the first cause first', async () => {
  const twice = await caught(failTwice);
  expect(twice).toMatchObject({ name: 'SuppressedError' });
  expect(messageOf(twice)).toBe('the body failed\nthe clean-up failed');
  const all = new AggregateError([twice, new EnvironmentError('no disk'), 'a string'], 'several');
  expect(messageOf(all)).toBe('the body failed\nthe clean-up failed\nno disk\na string');
});

test('partsOf returns any other error as the only part, also one whose message lists its causes', () => {
  const cleanUp = new CleanupError([{ name: 'qemu', error: new Error('stuck') }]);
  for (const error of [cleanUp, new AggregateError([], 'none'), 'text', undefined]) expect(partsOf(error)).toEqual([error]);
});

test('partsOf ends for errors that contain each other', () => {
  const circle = new AggregateError([], 'circle');
  circle.errors.push(circle);
  expect(partsOf(circle)).toEqual([circle]);
});

test('the end event of a step has the error of its body and of its clean-up', async () => {
  const events: StepEvent[] = [];
  await caught(() =>
    withSink(
      (event) => events.push(event),
      () => step('test', 'Fail', failTwice),
    ),
  );
  expect(events.at(-1)).toMatchObject({ kind: 'end', error: 'the body failed\nthe clean-up failed' });
});

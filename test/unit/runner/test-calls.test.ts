// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { asAlpy, TestCalls, track, trackMethods, withCalls } from '../../../src/runner/test-calls.ts';

/** As a class of alpy is: its methods call each other. */
class Radio {
  readonly name = 'radio0';
  readonly done = Promise.withResolvers<string>();

  readonly tuned: unknown[] = [];

  tune(station: string | RegExp | readonly string[]): Promise<string> {
    this.tuned.push(station);
    return this.done.promise;
  }

  async scan(): Promise<void> {
    void this.tune('inner');
    await this.done.promise;
  }

  get station(): never {
    throw new Error('nobody has asked for this');
  }

  isOn(): boolean {
    return true;
  }
}
trackMethods(Radio.prototype, ({ name }) => name);

/** What a test that runs `body` has left undone. */
async function leftBy(body: (radio: Radio) => Promise<void> | void, hasFailed = false): Promise<readonly unknown[]> {
  const calls = new TestCalls('a test');
  const radio = new Radio();
  await withCalls(calls, async () => body(radio));
  return calls.end(hasFailed);
}

test('a call that is pending when the test ends is an error with the name of the call and its line', async () => {
  const left = await leftBy((radio) => {
    void radio.tune(['a', 'b']);
    void radio.tune(/c/);
    void radio.tune('d'.repeat(100));
  });
  expect(left).toMatchObject([
    {
      code: 'ALPY_PENDING_CALL',
      fault: 'usage',
      message: /^radio0\.tune\('a b'\) was still pending when the test ended: is an await missing\?$/,
    },
    { message: /^radio0\.tune\(\/c\/\) was/ },
    { message: /^radio0\.tune\('d{60}…'\) was/ },
  ]);
  const [first] = left as readonly Error[];
  expect(first?.stack?.split('\n')[1]).toMatch(/^ +at .*test-calls\.test\.ts:\d+:\d+\)?$/);
  expect(first?.stack).not.toMatch(/src\/runner|node_modules/);
});

test("alpy's own calls, settled calls and calls without a promise do not count", async () => {
  const left = await leftBy(async (radio) => {
    void asAlpy(() => radio.tune('by a fixture'));
    const scanned = radio.scan();
    const tuned = radio.tune('later');
    expect(radio.isOn()).toBe(true);
    radio.done.resolve('music');
    expect(await tuned).toBe('music');
    await scanned;
  });
  expect(left).toEqual([]);
});

test('calls in a step count', async () => {
  const left = await leftBy(async (radio) => {
    const run = (body: () => Promise<void>): Promise<void> => body();
    await track(
      () => 'step',
      () => Promise.resolve(void radio.tune('a')),
      run,
    );
  });
  expect(left).toMatchObject([{ message: /^radio0\.tune\('a'\)/ }]);
});

test('after a failure, neither pending calls nor their results are reported', async () => {
  const calls = new TestCalls('a test');
  const radio = new Radio();
  await withCalls(calls, () => Promise.resolve(void radio.tune('a')));
  expect(await calls.end(true)).toEqual([]);
  expect(calls.takeRejection(Promise.resolve(), new Error('closed'))).toBe(true);
});

test('an unhandled rejection is an error of its test, with the call; one that is handled late is not', async () => {
  const calls = new TestCalls('a test');
  const radio = new Radio();
  const [forgotten, late] = await withCalls(calls, () => Promise.resolve([[radio.tune('a')], [radio.tune('b')]].flat()));
  radio.done.reject(new Error('no station'));
  await Promise.allSettled([forgotten, late]);
  calls.takeRejection(forgotten!, new Error('no station'));
  calls.takeRejection(late!, new Error('no station'));
  calls.takeRejection(Promise.resolve(), 'of a promise of its own');
  calls.dropRejection(late!);
  expect(await calls.end(false)).toMatchObject([
    {
      message: /^no station\n\(nothing awaited radio0\.tune\('a'\): is an await missing\?\)$/,
    },
    'of a promise of its own',
  ]);
});

test('a rejection long after a test without pending calls is not an error of that test', async () => {
  const calls = new TestCalls('a test');
  expect(await calls.end(false)).toEqual([]);
  expect(calls.takeRejection(Promise.resolve(), new Error('late'))).toBe(false);
});

test('an uncaught exception is an error of its test until the test has ended', async () => {
  const calls = new TestCalls('a test');
  const error = new RangeError('in a timer');
  expect(calls.takeException(error)).toBe(true);
  expect(await calls.end(false)).toEqual([error]);
  expect(calls.takeException(new Error('late'))).toBe(false);
});

test('an error whose stack does not reach the test has the place of the call', async () => {
  const inside = Object.assign(new Error('no station'), { stack: 'Error: no station\n    at x (/u/node_modules/y.js:1:1)' });
  const outside = Object.assign(new Error('no station'), { stack: 'Error: no station\n    at /u/lib/a.ts:1:1' });
  for (const [error, place] of [
    [inside, /^    at .*test-calls\.test\.ts:\d+:\d+\)?$/m],
    [outside, /^Error: no station\n    at \/u\/lib\/a\.ts:1:1$/],
  ] as const) {
    const radio = new Radio();
    radio.done.reject(error);
    await leftBy(async () => expect(radio.tune('a')).rejects.toBe(error));
    expect(error.stack).toMatch(place);
  }
});

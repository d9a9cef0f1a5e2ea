// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { raceWithSignal } from '../../../src/core/deadline.ts';
import { DecodeTimeoutError } from '../../../src/capture/errors.ts';
import { firstFrame, type Look, type Search } from '../../../src/capture/first-frame.ts';
import type { Frame } from '../../../src/capture/frame.ts';

const frame = (number: number): Frame => ({ number, timeMs: 0, lengthBytes: 60, protocol: 'ICMP', info: '', fields: {} });
const found = (number: number): Look => ({ frames: [frame(number)], looked: 100 });
const nothing: Look = { frames: [], looked: 100 };

/** Waits for ever, unless its signal fires. */
const never = (signal: AbortSignal): Promise<never> => raceWithSignal(Promise.withResolvers<never>().promise, signal);

/** Ways to look that find nothing, with others in their place. */
function searchOf(ways: Partial<Search>): Search & { readonly calls: string[] } {
  const calls: string[] = [];
  const all: Search = {
    ask: () => Promise.resolve(nothing),
    async *follow(signal) {
      yield await never(signal);
    },
    lookAtAll: () => Promise.resolve(nothing),
    ...ways,
  };
  return {
    calls,
    ask: (signal) => (calls.push('ask'), all.ask(signal)),
    follow: (signal) => (calls.push('follow'), all.follow(signal)),
    lookAtAll: (signal) => (calls.push('lookAtAll'), all.lookAtAll(signal)),
  };
}

const open = new AbortController().signal;

test('a frame that a quick look finds is not searched for in other ways', async () => {
  const search = searchOf({ ask: () => Promise.resolve(found(3)) });
  expect((await firstFrame(search, open, open)).frames).toEqual([frame(3)]);
  expect(search.calls).toEqual(['ask']);
});

test('following finds a frame while the look at a big capture takes long, and the look is cancelled', async () => {
  const given = Promise.withResolvers<unknown>();
  const search = searchOf({
    ask: async (signal) => never(signal).catch((error: unknown) => (given.resolve(error), nothing)),
    async *follow() {
      yield await Promise.resolve(frame(3));
    },
  });
  expect((await firstFrame(search, open, open)).frames).toEqual([frame(3)]);
  expect(await given.promise).toBeDefined();
});

test('a look that lasts longer than the wait still finds the frame', async () => {
  const asked = Promise.withResolvers<Look>();
  const late = new AbortController();
  const finding = firstFrame(searchOf({ ask: () => asked.promise }), late.signal, open);
  late.abort();
  setImmediate(() => {
    asked.resolve(found(3));
  });
  expect((await finding).frames).toEqual([frame(3)]);
});

test('after the timeout, a last look at all frames decides', async () => {
  for (const last of [found(100), nothing]) {
    const late = new AbortController();
    const search = searchOf({
      async *follow(signal) {
        late.abort(); // in the middle of what it has to look at
        yield await never(signal);
      },
      lookAtAll: () => Promise.resolve(last),
    });
    expect(await firstFrame(search, late.signal, open)).toBe(last);
    expect(search.calls).toEqual(['ask', 'follow', 'lookAtAll']);
  }
});

test('a failed look at all frames is an error, not "no frame"', async () => {
  const late = AbortSignal.abort();
  const error = new DecodeTimeoutError('too many');
  await expect(firstFrame(searchOf({ lookAtAll: () => Promise.reject(error) }), late, open)).rejects.toBe(error);
  await expect(firstFrame(searchOf({ ask: () => Promise.reject(error) }), late, open)).rejects.toBe(error);
});

test('a wrong filter and a caller who gives up end the search at once', async () => {
  const error = new Error('no such field');
  const wrong = searchOf({
    ask: () => Promise.resolve(undefined),

    async *follow() {
      await Promise.reject(error);
    },
  });
  await expect(firstFrame(wrong, open, open)).rejects.toBe(error);
  const stop = new AbortController();
  const finding = firstFrame(searchOf({}), open, stop.signal);
  const reason = new Error('no more');
  setImmediate(() => {
    stop.abort(reason);
  });
  await expect(finding).rejects.toBe(reason);
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { framesUntil, type FrameEnd } from '../../../../src/doctor/links/frame-end.ts';
import { wireFrames } from '../../../../src/doctor/links/frames.ts';

const [source, other] = ['525400000001', '525400000002'];
const sent = wireFrames(source).map(({ bytes }) => bytes);
const wait = { timeoutMs: 1000 };

/** An end that has one more frame at each look, until it has all. */
function slowEnd(frames: readonly Buffer[]): FrameEnd {
  let looks = 0;
  return {
    keepsSent: false,
    send: () => Promise.resolve([]),
    received: () => Promise.resolve(frames.slice(0, (looks += 1))),
  };
}

test('waits until the last frame arrives, and ignores frames of another source', async () => {
  const strange = wireFrames(other).map(({ bytes }) => bytes);
  expect(await framesUntil(sent, slowEnd([...strange, ...sent]), source, 60_000, wait)).toEqual(sent);
});

test('returns the frames so far if the last one does not arrive in time', async () => {
  const end = slowEnd([]);
  expect(await framesUntil(sent, { ...end, received: () => Promise.resolve(sent.slice(0, 2)) }, source, 0, wait)).toEqual(
    sent.slice(0, 2),
  );
});

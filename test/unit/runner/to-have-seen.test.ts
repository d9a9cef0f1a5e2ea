// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { DecodeTimeoutError, FrameTimeoutError, type Capture, type Frame } from '../../../src/capture/index.ts';
import { matchers } from '../../../src/runner/matchers.ts';
import { Link, type NicOfDevice } from '../../../src/testbed/index.ts';
import { fakeMachine } from '../../support/filter-place.ts';

/** A link whose capture answers like this; it has nothing else. */
function linkWith(capture: Partial<Capture>): Link {
  return new Link({ name: 'link0', index: 0, ends: [], isSegment: false, capture: capture as Capture });
}

test('toHaveSeen fails with the time, the number of frames and the nearest ones, and reads the capture once', async () => {
  const details = [{ title: 'Nearest frames', lines: ['frame 1'] }];
  const filter = 'icmp.type == 8';
  const late = new FrameTimeoutError('link0', { filter, timeoutMs: 2000, looked: 643_440, details });
  expect(late.message).toBe('link0: waited 2 s for a frame that passes "icmp.type == 8", but none of 643440 did');
  const link = linkWith({ waitFor: () => Promise.reject(late) });
  const { pass, message, meta } = await matchers.toHaveSeen.call({}, link, filter);
  expect([pass, message()]).toEqual([
    false,
    'expected a frame on link0 to pass "icmp.type == 8" within 2 s, but none of 643440 did',
  ]);
  expect(meta).toEqual({ hasMissedDeadline: true, details });
});

test.each([
  [
    'halted',
    { running: false },
    '. left:0 records lan, but left is paused, frozen or without power. Put a NIC of a device that keeps running first on lan',
  ],
  ['running', { running: true }, ''],
])('toHaveSeen says so if the device that records a segment is %s', async (_state, status, remark) => {
  const { place } = fakeMachine(() => Promise.resolve(status));
  const ends = ['left', 'right'].map((dut) => ({ kind: 'nic', name: `${dut}:0`, dut, machine: place }) as NicOfDevice);
  const late = new FrameTimeoutError('lan', { filter: 'vrrp', timeoutMs: 2000, looked: 72 });
  const capture = { waitFor: () => Promise.reject(late) } as unknown as Capture;
  const link = new Link({ name: 'lan', index: 0, ends, isSegment: true, capture });
  const { message } = await matchers.toHaveSeen.call({}, link, 'vrrp');
  expect(message()).toBe(`expected a frame on lan to pass "vrrp" within 2 s, but none of 72 did${remark}`);
});

test('not.toHaveSeen fails with the frames that pass', async () => {
  const frame = (number: number): Frame => ({ number, timeMs: 0, lengthBytes: 60, protocol: 'ICMP', info: 'ping', fields: {} });
  const link = linkWith({ frames: () => Promise.resolve([frame(3), frame(7)]) });
  const { pass, message, meta } = await matchers.toHaveSeen.call({ isNot: true }, link, 'icmp');
  expect([pass, message()]).toEqual([true, 'expected no frame on link0 to pass "icmp", but 2 did: frame 3: ICMP ping']);
  expect(meta?.details).toEqual([{ title: 'More frames that pass', lines: ['frame 7: ICMP ping'] }]);
});

test.each([false, true])(
  'toHaveSeen neither passes nor fails if not all frames could be looked at (negated: %s)',
  async (isNot) => {
    const error = new DecodeTimeoutError('too many');
    const link = linkWith({ waitFor: () => Promise.reject(error), frames: () => Promise.reject(error) });
    await expect(matchers.toHaveSeen.call({ isNot }, link, 'icmp')).rejects.toBe(error);
  },
);

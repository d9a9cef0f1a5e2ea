// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { compareFrames, outcomeText } from '../../../../src/doctor/links/compare.ts';

const [one, two, three, four] = ['aa01', 'aa02', 'aa03', 'aa04'].map((text) => Buffer.from(text, 'hex')) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];
const sent = [one, two, three, four];

/** What became of each frame, in words. */
function outcomes(received: readonly Buffer[], frames: readonly Buffer[] = sent): readonly string[] {
  return compareFrames(frames, received).map((outcome, index) => outcomeText(frames[index] ?? one, outcome));
}

describe('comparing frames', () => {
  test.each([
    ['that all arrive in order', [one, two, three, four], ['unchanged', 'unchanged', 'unchanged', 'unchanged']],
    ['of which none arrives', [], ['lost', 'lost', 'lost', 'lost']],
    ['of which one is lost', [one, three, four], ['unchanged', 'lost', 'unchanged', 'unchanged']],
    ['of which one is late', [two, three, one, four], ['overtaken by a later frame', 'unchanged', 'unchanged', 'unchanged']],
    [
      'of which the last one is early',
      [four, one, two, three],
      ['overtaken by a later frame', 'overtaken by a later frame', 'overtaken by a later frame', 'unchanged'],
    ],
    ['of which one arrives twice', [one, two, two, three, four], ['unchanged', 'arrived 2 times', 'unchanged', 'unchanged']],
  ])('%s', (_, received, expected) => {
    expect(outcomes(received)).toEqual(expected);
  });

  test('a frame at the place of a missing one is changed, not lost', () => {
    const changed = Buffer.from('aaff', 'hex');
    expect(outcomes([one, changed, three])).toEqual([
      'unchanged',
      'changed: expected 2 bytes with 02 from byte 1 on, got 2 bytes with ff',
      'unchanged',
      'lost',
    ]);
  });

  test('if several frames are missing at its place, a changed frame is the one that begins like it', () => {
    const frames = ['aa010000', 'aa020000', 'aa030000'].map((text) => Buffer.from(text, 'hex'));
    expect(outcomes([Buffer.from('aa020001', 'hex')], frames)).toEqual([
      'lost',
      'changed: expected 4 bytes with 00 from byte 3 on, got 4 bytes with 01',
      'lost',
    ]);
  });

  test('a truncated or padded frame is changed', () => {
    const frame = Buffer.from('aa0102', 'hex');
    expect(outcomes([frame.subarray(0, 2)], [frame])).toEqual([
      'changed: expected 3 bytes with 02 from byte 2 on, got 2 bytes with nothing',
    ]);
    expect(outcomes([Buffer.from('aa01020000', 'hex')], [frame])).toEqual([
      'changed: expected 3 bytes with nothing from byte 3 on, got 5 bytes with 0000',
    ]);
  });

  test('a missing VLAN tag is a change', () => {
    const tagged = Buffer.from(`${'02'.repeat(12)}810000640800`, 'hex');
    const untagged = Buffer.from(`${'02'.repeat(12)}0800`, 'hex');
    expect(outcomes([untagged], [tagged])).toEqual([
      'changed: expected 18 bytes with 810000640800 from byte 12 on, got 14 bytes with 0800',
    ]);
  });

  test('a frame that was never sent is ignored if no sent frame is missing', () => {
    expect(outcomes([one, two, Buffer.from('ee', 'hex'), three, four])).toEqual(Array.from(sent, () => 'unchanged'));
  });
});

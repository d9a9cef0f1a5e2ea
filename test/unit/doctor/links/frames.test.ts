// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { decodeFrames, encodeFrames, framesInPcap } from '../../../../src/doctor/links/encoding.ts';
import { frameKinds, isFrom, numberedFrames, wireFrames } from '../../../../src/doctor/links/frames.ts';

const source = '525400000001';
const frames = wireFrames(source);

describe('the frames that are sent', () => {
  test('are of all kinds, all different, and all from their source', () => {
    expect(new Set(frames.map(({ kind }) => kind))).toEqual(new Set(frameKinds));
    expect(new Set(frames.map(({ bytes }) => bytes.toString('hex'))).size).toBe(frames.length);
    expect(new Set(frames.map(({ kind, name }) => `${kind}/${name}`)).size).toBe(frames.length);
    expect(frames.every(({ bytes }) => isFrom(source, bytes))).toBe(true);
    expect(frames.some(({ bytes }) => isFrom('525400000002', bytes))).toBe(false);
  });

  test('have the length that a bridge expects of the spanning tree protocol', () => {
    const bpdus = frames.filter(({ name }) => name.endsWith('STP BPDU')).map(({ bytes }) => bytes);
    // the length counts 3 bytes of LLC, a BPDU of 35 or 36 bytes ends with the forward delay of 15 s
    expect(bpdus.map((bytes) => [bytes.readUInt16BE(12), bytes.toString('hex', 14 + 3 + 33, 14 + 3 + 35)])).toEqual([
      [38, '0f00'],
      [39, '0f00'],
    ]);
  });

  test('have the lengths of their names', () => {
    const named = frames.flatMap(({ name, bytes }) => {
      const length = /(\d+) bytes/.exec(name)?.[1];
      return length === undefined ? [] : [[Number(length), bytes.length]];
    });
    expect(named.length).toBeGreaterThan(12);
    expect(named.map(([expected]) => expected)).toEqual(named.map(([, length]) => length));
  });
});

test('numbered frames have their numbers', () => {
  expect(numberedFrames(source, 3, 64).map((frame) => [frame.length, frame.readUInt32BE(14)])).toEqual([
    [64, 0],
    [64, 1],
    [64, 2],
  ]);
});

test('frames with their lengths are decoded as they were, without one that is not complete yet', () => {
  const sent = [Buffer.from('0102'), Buffer.alloc(9018, 7), Buffer.from('03')];
  const bytes = encodeFrames(sent);
  expect(decodeFrames(bytes)).toEqual(sent);
  expect(decodeFrames(bytes.subarray(0, -1))).toEqual(sent.slice(0, 2));
  expect(decodeFrames(bytes.subarray(0, -3))).toEqual(sent.slice(0, 2));
  expect(decodeFrames(Buffer.alloc(0))).toEqual([]);
});

test('the frames of a pcap are decoded, without one that is not complete yet', () => {
  const record = (frame: string): string => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(frame.length / 2);
    return `0000000000000000${length.toString('hex').repeat(2)}${frame}`;
  };
  const file = Buffer.from(`${'00'.repeat(24)}${record('010203')}${record('04')}`, 'hex');
  expect(framesInPcap(file).map((frame) => frame.toString('hex'))).toEqual(['010203', '04']);
  expect(framesInPcap(file.subarray(0, -1)).map((frame) => frame.toString('hex'))).toEqual(['010203']);
  expect(framesInPcap(Buffer.alloc(0))).toEqual([]);
});

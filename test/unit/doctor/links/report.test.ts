// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { EnvironmentError } from '../../../../src/core/errors.ts';
import { judgeLinks, linksFailed } from '../../../../src/doctor/links/check-links.ts';
import type { WireFrame } from '../../../../src/doctor/links/frames.ts';
import { renderMatrix } from '../../../../src/doctor/links/render.ts';
import { judge, type Observation, type Path, type PathReport } from '../../../../src/doctor/links/report.ts';

const frames: readonly WireFrame[] = [
  { kind: 'STP', name: 'STP BPDU', bytes: Buffer.from('aa01', 'hex') },
  { kind: 'runts', name: '15 bytes', bytes: Buffer.from('aa02', 'hex') },
  { kind: 'runts', name: '16 bytes', bytes: Buffer.from('aa03', 'hex') },
];
const bytes = frames.map((frame) => frame.bytes);
const [client, virtio, e1000] = [
  { name: 'client' },
  { name: 'left:0', model: 'virtio-net-pci' },
  { name: 'right:0', model: 'e1000' },
];
const toNode: Path = { link: 'link', from: virtio, to: client, direction: 'NIC to node' };
const toNic: Path = { link: 'link', from: client, to: virtio, direction: 'node to NIC' };
const toE1000: Path = { link: 'cable', from: virtio, to: e1000, direction: 'left:0 to right:0' };

function judged(path: Path, changes: Partial<Observation> = {}): PathReport {
  return judge({ path, sent: frames, refused: new Map(), received: bytes, captured: bytes, recorder: virtio, ...changes });
}

function padded(frame: Buffer): Buffer {
  return Buffer.concat([frame, Buffer.alloc(60 - frame.length)]);
}

function texts({ frames: reports }: PathReport): readonly (string | undefined)[] {
  return reports.map(({ result, text }) => (text === undefined ? result : `${result}: ${text}`));
}

describe('judging a path', () => {
  test('is ok if all frames arrived and were captured as they were sent', () => {
    expect(texts(judged(toNode))).toEqual(['ok', 'ok', 'ok']);
  });

  test('says where a frame is missing or changed', () => {
    expect(texts(judged(toNode, { received: bytes.slice(1) }))[0]).toBe('failure: at client: lost');
    expect(texts(judged(toNode, { captured: bytes.slice(1) }))[0]).toBe('failure: in the capture: lost');
    expect(texts(judged(toNode, { received: [], captured: [] }))[0]).toBe('failure: at client: lost; in the capture: lost');
  });

  test('says why the kernel of a node refused a frame', () => {
    const rest = [frames[0]!.bytes, frames[2]!.bytes];
    const report = judged(toNic, { refused: new Map([[1, 'Message too long']]), received: rest, captured: rest });
    expect(texts(report)).toEqual(['ok', 'failure: the kernel of client does not send it: Message too long', 'ok']);
  });

  test('knows that QEMU pads short frames for NICs other than virtio, and only that', () => {
    const received = [bytes[0]!, ...bytes.slice(1).map(padded)];
    const reason = 'QEMU pads frames for NICs of the model e1000 to 60 bytes, because such a NIC expects no shorter ones';
    expect(texts(judged(toE1000, { received }))).toEqual(['ok', `known: ${reason}`, `known: ${reason}`]);
    expect(texts(judged(toNode, { received }))[1]).toMatch(/^failure: at client: changed/);
    expect(texts(judged(toNic, { received }))[1]).toMatch(/^failure: at left:0: changed/);
    expect(texts(judged(toE1000, { received: [bytes[0]!, bytes[2]!] }))[1]).toBe('failure: at right:0: lost');
    const between: Path = { link: 'link', from: client, to: client, direction: 'node to node', isBetweenNodes: true };
    const known = 'known: QEMU pads frames between nodes on a link without a device to 60 bytes';
    expect(texts(judged(between, { received, captured: received }))).toEqual(['ok', known, known]);
    const filledWithOnes = Buffer.concat([bytes[1]!, Buffer.alloc(58, 1)]);
    expect(texts(judged(toE1000, { received: [bytes[0]!, filledWithOnes, bytes[2]!] }))[1]).toMatch(/^failure/);
  });
});

describe('the matrix', () => {
  test('has a row for each kind and a column for each direction', () => {
    expect(renderMatrix([judged(toNode), judged(toNic)])).toEqual([
      '       link         link',
      '       NIC to node  node to NIC',
      'STP    ok           ok',
      'runts  ok           ok',
    ]);
  });

  test('has the paths of a direction in one column, counts their failures, and then names each frame that failed', () => {
    const lossy = judged({ ...toNode, to: { name: 'server' } }, { received: bytes.slice(0, 2) });
    expect(renderMatrix([judged(toNode), lossy, judged(toNic)])).toEqual([
      '       link         link',
      '       NIC to node  node to NIC',
      'STP    ok           ok',
      'runts  FAIL 1/4     ok',
      'FAIL link, left:0 to server, runts: 16 bytes: at server: lost',
    ]);
  });

  test('marks what failed for a known reason, and names the reason below', () => {
    const report = judged(toE1000, { received: [bytes[0]!, ...bytes.slice(1).map(padded)] });
    expect(renderMatrix([report])).toEqual([
      '       cable',
      '       left:0 to right:0',
      'STP    ok',
      'runts  (1)',
      '(1) QEMU pads frames for NICs of the model e1000 to 60 bytes, because such a NIC expects no shorter ones: runts: 15 bytes, runts: 16 bytes',
    ]);
  });
});

describe('the finding', () => {
  test('is ok if all frames passed, or have a known reason', () => {
    expect(judgeLinks({ paths: [judged(toNode)], echoes: [] })).toEqual({
      name: 'links',
      result: 'ok',
      text: '3 of 3 frames arrived, and were captured, as they were sent',
    });
    const known = judged(toE1000, { received: [bytes[0]!, ...bytes.slice(1).map(padded)] });
    expect(judgeLinks({ paths: [known], echoes: [] })).toMatchObject({
      result: 'ok',
      text: '1 of 3 frames arrived, and were captured, as they were sent; 2 could not, for a known reason',
    });
  });

  test('is a failure if a frame failed, or frames came back', () => {
    const lossy = judged(toNode, { received: bytes.slice(1) });
    expect(judgeLinks({ paths: [lossy], echoes: [] })).toMatchObject({
      result: 'failure',
      text: '2 of 3 frames arrived, and were captured, as they were sent',
    });
    expect(judgeLinks({ paths: [judged(toNode)], echoes: ['client of the segment lan'] })).toMatchObject({
      result: 'failure',
      text: '3 of 3 frames arrived, and were captured, as they were sent; frames came back to client of the segment lan',
    });
  });

  test('is a failure if the links could not be checked; a bug is no finding', () => {
    expect(linksFailed(new EnvironmentError('no room'))).toMatchObject({
      name: 'links',
      result: 'failure',
      text: 'they could not be checked: no room',
    });
    expect(() => linksFailed(new TypeError('a bug'))).toThrow('a bug');
  });
});

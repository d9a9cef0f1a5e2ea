// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { finishCapture } from '../../../src/capture/finish.ts';
import { PcapRewriter } from '../../../src/capture/pcap.ts';
import { readLive } from '../../../src/capture/read-live.ts';

interface Record {
  readonly ms: number;
  readonly data: string;
}

function header(): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(0xa1b2c3d4, 0);
  bytes.writeUInt16LE(2, 4);
  bytes.writeUInt16LE(4, 6);
  bytes.writeUInt32LE(65_535, 16);
  bytes.writeUInt32LE(1, 20);
  return bytes;
}

function pcap(records: readonly Record[]): Buffer {
  return Buffer.concat([
    header(),
    ...records.map(({ ms, data }) => {
      const bytes = Buffer.alloc(16);
      const microseconds = Math.round(ms * 1000);
      bytes.writeUInt32LE(Math.floor(microseconds / 1e6), 0);
      bytes.writeUInt32LE(microseconds % 1e6, 4);
      bytes.writeUInt32LE(data.length, 8);
      bytes.writeUInt32LE(data.length, 12);
      return Buffer.concat([bytes, Buffer.from(data)]);
    }),
  ]);
}

const recorded = [
  { ms: 1_000_000.001, data: 'first' },
  { ms: 1_000_999.9995, data: '' },
  { ms: 1_002_000, data: 'third one' },
];
const later = (ms: number): number => ms + 250_000.5;
const expected = pcap(recorded.map(({ ms, data }) => ({ ms: ms + 250_000.5, data })));

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-pcap-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

test.each([1, 7, 16, 24, 40, 1000])('records read in pieces of %i bytes get wall-clock times', (size) => {
  const rewriter = new PcapRewriter(later);
  const bytes = pcap(recorded);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(rewriter.push(bytes.subarray(at, at + size)));
  expect(Buffer.concat(pieces)).toEqual(expected);
  expect(rewriter.records).toBe(3);
  expect(rewriter.restBytes).toBe(0);
});

test('microseconds carry over into seconds', () => {
  const rewriter = new PcapRewriter(() => 1_999.9999);
  const done = rewriter.push(pcap([{ ms: 5, data: '' }]));
  expect([done.readUInt32LE(24), done.readUInt32LE(28)]).toEqual([2, 0]);
});

test('the input is not modified', () => {
  const bytes = pcap(recorded);
  new PcapRewriter(later).push(bytes);
  expect(bytes).toEqual(pcap(recorded));
});

test('a file that is not a pcap, or is damaged, is refused', () => {
  expect(() => new PcapRewriter(later).push(Buffer.alloc(24))).toThrow('expected a pcap file, got one that begins with 00000000');
  const damaged = pcap(recorded);
  damaged.writeUInt32LE(0xffffffff, 24 + 16 + 5 + 8);
  expect(() => new PcapRewriter(later).push(damaged)).toThrow('record 2 claims 4294967295 bytes: the capture is damaged');
});

test('finishCapture corrects the times in place', async () => {
  const path = join(directory, 'whole.pcap');
  await writeFile(path, pcap(recorded));
  expect(await finishCapture(path, later)).toBe(3);
  expect(await readFile(path)).toEqual(expected);
});

test('finishCapture cuts an incomplete record off and reports it', async () => {
  const path = join(directory, 'cut.pcap');
  await writeFile(path, pcap(recorded).subarray(0, -1));
  await expect(finishCapture(path, later)).rejects.toThrow(
    'cut.pcap is incomplete: it ends within a frame, after 2 complete ones. Is the disk full?',
  );
  expect(await readFile(path)).toEqual(expected.subarray(0, 24 + 16 + 5 + 16));
});

test('an empty file has no frames', async () => {
  const path = join(directory, 'empty.pcap');
  await writeFile(path, '');
  expect(await finishCapture(path, later)).toBe(0);
});

test('a missing file is an error', async () => {
  await expect(finishCapture(join(directory, 'gone.pcap'), later)).rejects.toMatchObject({
    code: 'ALPY_CAPTURE',
    message: expect.stringContaining('gone.pcap: ENOENT') as string,
  });
});

test('a symbolic link is not followed', async () => {
  const [victim, link] = [join(directory, 'victim.pcap'), join(directory, 'link.pcap')];
  const content = pcap([{ ms: 1000, data: 'x' }]);
  await writeFile(victim, content);
  await symlink(victim, link);
  await expect(finishCapture(link, later)).rejects.toMatchObject({ code: 'ALPY_CAPTURE' });
  await expect(readLive(link, false, AbortSignal.timeout(10_000)).next()).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
  expect(await readFile(victim)).toEqual(content);
});

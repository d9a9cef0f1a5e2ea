// SPDX-License-Identifier: GPL-3.0-or-later
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect } from 'vitest';
import { filterParts } from '../../../src/capture/filter-parts.ts';
import { parseFrame } from '../../../src/capture/frame.ts';
import { linesOf } from '../../../src/capture/lines.ts';
import { PcapRewriter } from '../../../src/capture/pcap.ts';
import { findColumns, framesOf, parseAnswer } from '../../../src/capture/sharkd-messages.ts';
import { allowingErrors, anyJson, anyText, brokenBytes, brokenJson, fuzz, inPieces } from '../../support/fuzz.ts';

function pcap(...lengths: readonly number[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4);
  const records = lengths.map((length) => {
    const record = Buffer.alloc(16 + length, length);
    record.writeUInt32LE(1_700_000_000, 0);
    record.writeUInt32LE(999_999, 4);
    record.writeUInt32LE(length, 8);
    record.writeUInt32LE(length, 12);
    return record;
  });
  return Buffer.concat([header, ...records]);
}

function rewrite(pieces: readonly Buffer[]): { output: string; records: number; rest: number; failed: boolean } {
  const rewriter = new PcapRewriter((ms) => ms + 1.5);
  const output: Buffer[] = [];
  let failed = false;
  try {
    for (const piece of pieces) output.push(rewriter.push(piece));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ALPY_CAPTURE') throw error;
    failed = true;
  }
  return { output: Buffer.concat(output).toString('hex'), records: rewriter.records, rest: rewriter.restBytes, failed };
}

fuzz(
  'a capture is read the same in whatever pieces it arrives',
  [inPieces(brokenBytes(pcap(60, 0, 14), pcap()))],
  ({ whole, pieces }) => {
    const [expected, found] = [rewrite([whole]), rewrite(pieces)];
    expect(found.failed).toBe(expected.failed);
    if (!found.failed) expect(found).toEqual(expected);
  },
);

const lengths = fc.array(fc.nat(300), { maxLength: 6 });

fuzz('a valid capture keeps its length and all its records', [lengths, fc.nat(400)], (given, cut) => {
  const whole = pcap(...given);
  const { records, rest, output } = rewrite([whole]);
  expect({ records, rest, bytes: output.length / 2 }).toEqual({ records: given.length, rest: 0, bytes: whole.length });
  const part = whole.subarray(0, Math.max(24, whole.length - cut));
  expect(rewrite([part]).output.length / 2 + rewrite([part]).rest).toBe(part.length);
});

fuzz(
  'any times give a capture that tools can read',
  [fc.double(), fc.nat(0xffffffff), fc.nat(0xffffffff)],
  (clock, first, second) => {
    const bytes = pcap(4);
    bytes.writeUInt32LE(first, 24);
    bytes.writeUInt32LE(second, 28);
    const rewritten = new PcapRewriter(() => clock).push(bytes);
    expect(rewritten.readUInt32LE(28)).toBeLessThan(1_000_000);
  },
);

fuzz(
  'lines are the same in whatever pieces they arrive',
  [inPieces(brokenBytes('a\nb\r\n\n\u2028ä€\n', 'x\n', '\n\n'))],
  async ({ whole, pieces }) => {
    const lines = await Array.fromAsync(linesOf(Readable.from(pieces.filter((piece) => piece.length > 0))));
    const expected = [];
    for (let at = 0; at < whole.length;) {
      const end = whole.indexOf(10, at);
      expected.push(whole.toString('utf8', at, end < 0 ? whole.length : end));
      at = end < 0 ? whole.length : end + 1;
    }
    expect(lines).toEqual(expected);
  },
);

const frames = { id: 1, jsonrpc: '2.0', result: [{ num: 1, c: ['1700000000.5', '98', 'ICMP', 'Echo request'] }] };
const info = {
  id: 1,
  jsonrpc: '2.0',
  result: {
    columns: [
      { name: 'Protocol', format: '%p' },
      { name: 'Info', format: '%i' },
    ],
  },
};
const refusal = { id: 1, jsonrpc: '2.0', error: { code: -1, message: 'no' } };
const answer = fc.oneof(brokenJson(frames), brokenJson(info), brokenJson(refusal), anyJson);

fuzz(
  'any answer of sharkd is read or refused',
  [answer],
  async (value) => {
    const parsed = await allowingErrors(() => parseAnswer(JSON.stringify(value)));
    if (parsed?.kind === 'error') expect(typeof parsed.reason).toBe('string');
    if (parsed?.kind !== 'result') return;
    await allowingErrors(() => findColumns(parsed.result));
    for (const frame of (await allowingErrors(() => framesOf(parsed.result))) ?? [])
      expect([typeof frame.protocol, typeof frame.info]).toEqual(['string', 'string']);
  },
  {
    examples: [
      [{ id: 1, error: { message: { toString: 1 } } }],
      [{ id: 1, result: [{ num: 1, c: [{ valueOf: 1 }, { toString: 1 }] }] }],
    ],
  },
);

fuzz('bytes that are no answer of sharkd are refused', [brokenBytes(JSON.stringify(frames))], async (bytes) => {
  await allowingErrors(() => parseAnswer(bytes.toString()));
});

fuzz(
  'any line of tshark is read, with exactly the requested fields',
  [anyText, fc.array(anyText, { maxLength: 4 })],
  (line, fields) => {
    const frame = parseFrame(line, fields);
    expect(Object.keys(frame.fields).sort()).toEqual([...new Set(fields)].sort());
    expect(Object.values(frame.fields).every((value) => typeof value === 'string')).toBe(true);
  },
);

const filterText = fc.oneof(
  anyText,
  fc
    .array(
      fc.constantFrom(
        '(',
        ')',
        '[',
        ']',
        '"',
        "'",
        '\\',
        ' ',
        '&&',
        '||',
        'and',
        'or',
        'not',
        'ip.src',
        '==',
        '1',
        '{',
        '}',
        'r"',
      ),
      {
        maxLength: 40,
      },
    )
    .map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('(', '(a', '"', '!(', 'a&&', 'a and '), fc.nat(2000)).map(([part, count]) => part.repeat(count)),
);

fuzz(
  'any filter is split into parts that are texts of it',
  [filterText],
  (filter) => {
    for (const { text } of filterParts(filter)) expect(filter).toContain(text);
  },
  { runs: 60 },
);

const simple = fc
  .tuple(fc.constantFrom('ip.src', 'tcp.port', 'frame'), fc.constantFrom(' == 1', '', ' contains "a && b"'))
  .map(([a, b]) => a + b);

fuzz('a filter of parts that && joins is split into these parts', [fc.array(simple, { minLength: 1, maxLength: 5 })], (parts) => {
  expect(filterParts(parts.join(' && ')).map(({ text }) => text.trim())).toEqual(parts);
  expect(filterParts(`(${parts.join(') and (')})`).map(({ text }) => text.trim())).toEqual(parts);
});

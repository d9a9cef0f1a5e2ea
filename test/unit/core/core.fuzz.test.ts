// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { describeOutput, outputDetail } from '../../../src/core/error-details.ts';
import { parseIdentity } from '../../../src/core/identity.ts';
import { JsonCache } from '../../../src/core/json-cache.ts';
import { LineSplitter, OutputTail } from '../../../src/core/output.ts';
import { makeRedactor } from '../../../src/core/redact.ts';
import { userFrames } from '../../../src/core/stack.ts';
import { escapeBytes, plainText, printfEscape, quoteWord } from '../../../src/core/text.ts';
import { anyJson, anyText, brokenBytes, fuzz, inPieces } from '../../support/fuzz.ts';
import { harmful } from '../../support/hostile.ts';

const long = 16_384; // the longest line
const text = fc.oneof(
  brokenBytes('a\r\nb\rc\n\nä€\r', '\n\r\n'),
  fc
    .integer({ min: long - 2, max: long + 2 })
    .chain((count) => fc.constantFrom('\n', '\r\n', '\r', '').map((end) => Buffer.from(`${'x'.repeat(count)}${end}y`))),
);

fuzz(
  'lines of an output are the same in whatever pieces they arrive',
  [fc.tuple(text, fc.array(fc.nat(20_000), { maxLength: 4 }))],
  ([whole, cuts]) => {
    const at = cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b);
    const pieces = [...at, whole.length].map((end, index) => whole.subarray(index === 0 ? 0 : at[index - 1], end));
    expect(split(pieces)).toEqual(split([whole]));
  },
  { examples: [[[Buffer.from(`${'x'.repeat(long)}\r\ny`), [long + 1]]]] },
);

function split(pieces: readonly Buffer[]): readonly string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  return lines;
}

fuzz(
  'the end of an output is kept',
  [inPieces(brokenBytes('x'.repeat(5000))), fc.integer({ min: 1, max: 9000 })],
  ({ whole, pieces }, limit) => {
    const tail = new OutputTail(limit);
    for (const piece of pieces) tail.push(piece);
    expect(tail.bytes().equals(whole.subarray(Math.max(0, whole.length - limit)))).toBe(true);
    expect(tail.droppedBytes).toBe(Math.max(0, whole.length - limit));
  },
);

fuzz('text for people has no harmful character, and cleaning it again changes nothing', [anyText], (given) => {
  expect(harmful.exec(escapeBytes(Buffer.from(given)))).toBeNull();
  expect(harmful.exec(plainText(given).replaceAll('\r', ''))).toBeNull();
  expect(plainText(plainText(given))).toBe(plainText(given));
  for (const { lines } of outputDetail('x', given)) {
    expect(lines.length).toBeLessThanOrEqual(20);
    expect(harmful.exec(lines.join('\n'))).toBeNull();
  }
  expect(harmful.exec(describeOutput('x', given).ending)).toBeNull();
});

fuzz('a quoted word is one word of a shell', [anyText], (given) => {
  const unquoted = quoteWord(given).replace(/'([^']*)'|\\(')/g, (_, inner?: string, quote?: string) => inner ?? quote ?? '');
  expect(unquoted).toBe(given);
});

fuzz('bytes for printf mean what they were', [fc.uint8Array({ maxLength: 60 })], (bytes) => {
  const escaped = printfEscape(bytes);
  expect(escaped).toMatch(/^[ -~]*$/);
  const decoded = escaped.replace(/\\(?:0([0-7]{3})|(n)|(\\))/g, (_, octal?: string, newline?: string) =>
    octal === undefined ? (newline === undefined ? '\\' : '\n') : String.fromCharCode(parseInt(octal, 8)),
  );
  expect(Buffer.from(decoded, 'latin1')).toEqual(Buffer.from(bytes));
});

const secret = fc.stringMatching(/^[a-z0-9+/% äß"\\]{8,20}$/).filter((one) => one.trim().length >= 8);

fuzz('no secret remains in a text, alone or encoded', [secret, anyText, anyText], (one, before, after) => {
  const redact = makeRedactor([one]);
  for (const form of [one, encodeURIComponent(one), JSON.stringify(one).slice(1, -1), Buffer.from(one).toString('base64')])
    expect(redact(`${before}${form}${after}`)).not.toContain(form);
});

const stackLine = fc.constantFrom('    at f (/a/b.ts:1:2)', '    at file:///a%20b.ts:3:4', 'at async g (file:///x.ts:1:1)');

fuzz(
  'any stack is read',
  [fc.array(fc.oneof(anyText, stackLine), { maxLength: 5 }), anyText],
  (lines, message) => {
    for (const { file, line } of userFrames(lines.join('\n'), message))
      expect([typeof file, typeof line]).toEqual(['string', 'number']);
  },
  {
    examples: [
      [['    at f (file:///a%2Fb.ts:1:2)'], ''],
      [['    at f (file:///%zz.ts:1:2)'], ''],
      [[`    at ${' ('.repeat(5000)}/`], ''],
    ],
  },
);

fuzz(
  'a cache keeps what it was given, and reads any file',
  [
    fc.oneof(
      anyJson.map((one) => Buffer.from(JSON.stringify(one))),
      brokenBytes('{"a": 1}'),
    ),
    fc.array(
      fc.tuple(
        anyText.filter((name) => name.isWellFormed()),
        anyJson,
      ),
      { maxLength: 4 },
    ),
  ],
  async (content, entries) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const file = join(folder.path, 'cache.json');
    await writeFile(file, content);
    const cache = new JsonCache(file);
    const last = new Map<string, unknown>();
    for (const [name, value] of entries) {
      await cache.add(name, value);
      last.set(name, value);
    }
    for (const [name, value] of last) expect(await cache.find(name)).toEqual(JSON.parse(JSON.stringify(value)));
    const absent = await new JsonCache(join(folder.path, 'other.json')).find('toString');
    expect(absent).toBeUndefined();
  },
  { runs: 20 },
);

fuzz('any identity of a process is read or refused', [anyText], (given) => {
  const identity = parseIdentity(given);
  if (identity) expect(identity.pid).toBeGreaterThanOrEqual(0);
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { test } from 'vitest';
import { AlpyError } from '../../src/core/errors.ts';

/** How a property is tested by `npm run test:unit`. `npm run test:fuzz` runs every property for a time instead. */
export interface FuzzOptions<T> {
  /** number of runs among the unit tests, which includes the examples; default 50 */
  readonly runs?: number;
  /** inputs that failed once; they are tried first */
  readonly examples?: T[];
}

/** Seed of the unit tests, which have to be the same every time. */
const fixedSeed = 18;

/** How long one run may take, in `ms`. Most take less than one; what takes this long is quadratic or hangs. */
const longestRunMs = 10_000;

/** `ALPY_FUZZ_SECONDS`: tests each property for so long, and not only a fixed number of runs. */
const campaignMs = Number(process.env['ALPY_FUZZ_SECONDS'] ?? 0) * 1000;

/** `ALPY_FUZZ_SEED`: other inputs, or those of an earlier campaign. */
const seed = Number(process.env['ALPY_FUZZ_SEED'] ?? fixedSeed);

/** A test that runs a property with many inputs. If it fails, it prints the seed and the smallest input that fails. */
export function fuzz<T extends [unknown, ...unknown[]]>(
  title: string,
  arbitraries: { readonly [K in keyof T]: fc.Arbitrary<T[K]> },
  predicate: (...input: T) => Promise<void> | void,
  { runs = 50, examples = [] }: FuzzOptions<NoInfer<T>> = {},
): void {
  test(title, { timeout: Math.max(60_000, campaignMs * 2 + 60_000) }, async ({ task }) => {
    let isSlow = false;
    const property = fc.asyncProperty(fc.tuple<T>(...arbitraries), async (input) => {
      if (isSlow) return; // looking for a smaller input that also hangs would take too long
      try {
        await bounded(() => predicate(...input));
      } catch (error) {
        isSlow = error instanceof SlowError;
        throw error;
      }
    });
    const bound =
      campaignMs > 0
        ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: campaignMs, markInterruptAsFailure: false }
        : { numRuns: runs };
    const details = await fc.check(property, { seed, examples: examples.map((example): [T] => [example]), ...bound });
    if (campaignMs > 0) process.stdout.write(`${task.name}: ${details.numRuns} runs with seed ${seed}\n`);
    if (details.failed) throw new Error(await fc.asyncDefaultReportMessage(details), { cause: details.errorInstance });
  });
}

class SlowError extends Error {
  constructor(ms: number) {
    super(`expected an end within ${longestRunMs} ms, got none after ${Math.round(ms)} ms`);
  }
}

/** @throws {@link SlowError} if `body` takes too long */
async function bounded(body: () => Promise<void> | void): Promise<void> {
  const startMs = performance.now();
  const ended = new AbortController();
  const late = sleep(longestRunMs, true, { signal: ended.signal, ref: false }).catch(() => false);
  try {
    const isLate = await Promise.race([Promise.resolve(body()), late]);
    const tookMs = performance.now() - startMs;
    if (isLate === true || tookMs > longestRunMs) throw new SlowError(tookMs);
  } finally {
    ended.abort();
  }
}

/**
 * Runs code that reads hostile input. It may fail, but only as alpy means to: not with a TypeError or RangeError, and not with an
 * error that says that alpy has a bug.
 * @returns the result; undefined if it failed
 */
export async function allowingErrors<T>(body: () => Promise<T> | T): Promise<T | undefined> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof AlpyError) || error.fault === 'bug') throw error;
    if (error.message === '') throw new Error('expected an error with a message', { cause: error });
    return undefined;
  }
}

/** Words that code is likely to treat in a special way, in names and in values. */
const specialWords = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'toJSON', 'hasOwnProperty', 'then', 'length'],
  ...['', ' ', '0', '-1', 'NaN', 'null', 'undefined', 'true', '[object Object]', '.', '..', '../..', '/', '//', '/etc/passwd'],
  ...['-', '--', '--help', '-rf', '$(id)', '`id`', "'", '"', '\\', '%', '%s', '${x}', '$x', '$&', "$'", '*', '~', '#', ';', '|'],
  ...[
    '\0',
    '\n',
    '\r',
    '\r\n',
    '\t',
    '\x1b[2J',
    '\x1b]0;t\x07',
    '\x7f',
    '\x85',
    '\u2028',
    '\u202e',
    '\ufeff',
    '\ufffe',
    '\ud800',
  ],
  ...[']]>', '<script>', '</script>', '<!--', '&amp;', '&#0;', '[[ATTACHMENT|/etc/passwd]]', 'javascript:alert(1)'],
];

/** Any text, often with something in it that is special to some program. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...specialWords),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc
    .array(fc.oneof(fc.constantFrom(...specialWords), fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 8 })
    .map((parts) => parts.join('')),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 20 }), // not well-formed
  fc
    .tuple(fc.constantFrom('a', '(', '[', '\\', ' ', '\n', '/', 'ä'), fc.integer({ min: 100, max: 5000 }))
    .map(([part, count]) => part.repeat(count)),
);

/** Any number, often at a limit. */
const anyNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, 1e21, 1e308, -1e308, 8.64e15 + 1),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** Any value that JSON can hold. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(fc.constantFrom(null, true, false), anyNumber, anyText),
  value: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(anyText, tie('value'), { maxKeys: 4 }).map(asParsed),
    fc.record({ toString: tie('leaf'), valueOf: tie('leaf') }).map(asParsed),
  ),
})).value;

/** A valid value of JSON, with up to three of its parts replaced, removed or added. */
export function brokenJson(valid: unknown): fc.Arbitrary<unknown> {
  const change = fc.record({ at: fc.nat(), kind: fc.constantFrom('replace', 'remove', 'add'), name: anyText, value: anyJson });
  return fc.array(change, { maxLength: 3 }).map((changes) => {
    let value: unknown = structuredClone(valid);
    for (const { at, kind, name, value: by } of changes) value = changed(value, at, kind, name, by);
    return asParsed(value);
  });
}

interface Place {
  readonly owner: Record<string, unknown>;
  readonly key: string;
}

function changed(root: unknown, at: number, kind: string, name: string, by: unknown): unknown {
  const holder = { root };
  const places = [...placesIn(holder)];
  const place = places[at % places.length];
  if (!place) return root;
  const { owner, key } = place;
  const value = owner[key];
  if (kind === 'remove' && owner !== holder) {
    if (Array.isArray(owner)) owner.splice(Number(key), 1);
    else Reflect.deleteProperty(owner, key);
  } else if (kind === 'add' && typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) value.push(by);
    else Object.defineProperty(value, name, { value: by, enumerable: true, configurable: true, writable: true });
  } else owner[key] = by;
  return holder.root;
}

function* placesIn(owner: object): Generator<Place> {
  for (const [key, value] of Object.entries(owner)) {
    yield { owner: owner as Record<string, unknown>, key };
    if (typeof value === 'object' && value !== null) yield* placesIn(value as object);
  }
}

/** The same value as a reader of JSON would get it. */
function asParsed(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/** Any bytes, or one of several texts, or valid bytes with something changed, cut off, repeated or put between. */
export function brokenBytes(...valid: readonly (Uint8Array | string)[]): fc.Arbitrary<Buffer> {
  const any = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  if (valid.length === 0)
    return fc.oneof(
      any,
      anyText.map((text) => Buffer.from(text)),
    );
  const change = fc.record({
    at: fc.nat(),
    length: fc.nat({ max: 40 }),
    kind: fc.constantFrom('replace', 'cut', 'repeat', 'insert', 'end'),
    by: fc.oneof(
      any,
      anyText.map((text) => Buffer.from(text)),
    ),
  });
  const start = fc.constantFrom(...valid.map((one) => Buffer.from(one)));
  const changedBytes = fc.tuple(start, fc.array(change, { maxLength: 4 })).map(([bytes, changes]) => {
    for (const { at, length, kind, by } of changes) {
      const from = at % (bytes.length + 1);
      const [before, middle, after] = [
        bytes.subarray(0, from),
        bytes.subarray(from, from + length),
        bytes.subarray(from + length),
      ];
      if (kind === 'replace') bytes = Buffer.concat([before, by.subarray(0, middle.length), after]);
      else if (kind === 'cut') bytes = Buffer.concat([before, after]);
      else if (kind === 'repeat') bytes = Buffer.concat([before, middle, middle, after]);
      else if (kind === 'insert') bytes = Buffer.concat([before, by, middle, after]);
      else bytes = before;
    }
    return bytes;
  });
  return fc.oneof({ weight: 1, arbitrary: any }, { weight: 6, arbitrary: changedBytes });
}

/** Bytes, and the same bytes in pieces: a reader must give the same result for both. */
export function inPieces(
  bytes: fc.Arbitrary<Buffer>,
): fc.Arbitrary<{ readonly whole: Buffer; readonly pieces: readonly Buffer[] }> {
  return fc.tuple(bytes, fc.array(fc.nat(), { maxLength: 8 }), fc.boolean()).map(([whole, cuts, isSingle]) => {
    const at = isSingle ? [...whole.keys()] : cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b);
    const pieces = [...at, whole.length].map((end, index) => whole.subarray(index === 0 ? 0 : at[index - 1], end));
    return { whole, pieces };
  });
}

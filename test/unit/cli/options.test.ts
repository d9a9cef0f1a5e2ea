// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { durationMs, numberOption, wholeNumber } from '../../../src/cli/options.ts';
import { runOptions } from '../../../src/cli/run/options.ts';
import { testNameOf } from '../../../src/cli/run/select-options.ts';

const usage = expect.objectContaining({ code: 'ALPY_USAGE' }) as Error;

describe('a whole number', () => {
  test('is read', () => {
    expect(wholeNumber('--workers', 1, '12')).toBe(12);
    expect(wholeNumber('--retries', 0, '0')).toBe(0);
    expect(wholeNumber('--retries', 0, undefined)).toBeUndefined();
  });

  test.each(['x', '', ' ', '0', '-1', '1.5', '1e3', '0x10', 'NaN', 'Infinity', '9'.repeat(20), ['2', '3']])(
    'is not %j',
    (value) => {
      expect(() => wholeNumber('--workers', 1, value)).toThrow(usage);
    },
  );

  test('an error names the option, the range and the value', () => {
    expect(() => wholeNumber('--workers', 1, 'x')).toThrow('--workers: expected a whole number of at least 1, got "x"');
    expect(() => wholeNumber('--workers', 1, ['2', '3'])).toThrow('--workers: expected one value, got 2: 2, 3');
  });
});

describe('a number above 0', () => {
  const { coerce } = numberOption('--hours', 'above 0', '');

  test('may have a fraction', () => {
    expect(['8', '0.5', '.5'].map(coerce)).toEqual([8, 0.5, 0.5]);
  });

  test('may also be 0 if the option allows it', () => {
    expect(numberOption('--max-mib', 'of at least 0', '').coerce('0')).toBe(0);
  });

  test.each(['0', '-1', '', 'x', '1e400', '1.'])('is not %j', (value) => {
    expect(() => coerce(value)).toThrow(usage);
  });
});

describe('a time', () => {
  test('has a unit, or is in ms', () => {
    expect(['500', '500ms', '30s', '1.5s', '2m'].map((text) => durationMs('--timeout', text))).toEqual([
      500, 500, 30_000, 1500, 120_000,
    ]);
  });

  test.each(['', '0', '0s', '-1s', '3h', 's', '1 s', 'x'])('is not %j', (value) => {
    expect(() => durationMs('--timeout', value)).toThrow(usage);
  });
});

test('--shuffle chooses a seed, --shuffle 7 has one, and --no-shuffle switches the order of the configuration off', () => {
  const { coerce } = runOptions.shuffle;
  expect(['', '7', '0', false, undefined].map(coerce)).toEqual([true, 7, 0, false, undefined]);
});

describe('the names of the tests to run', () => {
  const names = ['a > one', 'a > two', 'b > one'];
  const matching = (grep?: string, invert?: string): readonly string[] =>
    names.filter((name) => testNameOf(grep, invert)?.test(name) ?? true);

  test.each([
    [undefined, undefined, names],
    ['one', undefined, ['a > one', 'b > one']],
    ['^a', undefined, ['a > one', 'a > two']],
    [undefined, 'one', ['a > two']],
    ['one|two', '^b', ['a > one', 'a > two']],
    ['o$|one$', 't', ['a > one', 'b > one']],
    ['none', undefined, []],
  ])('match --grep %j and --grep-invert %j', (grep, invert, expected) => {
    expect(matching(grep, invert)).toEqual(expected);
  });

  test('are refused if they are no regular expression', () => {
    expect(() => testNameOf('(', undefined)).toThrow(usage);
    expect(() => testNameOf(undefined, '[')).toThrow(usage);
  });
});

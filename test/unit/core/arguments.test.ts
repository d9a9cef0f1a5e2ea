// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { argumentsOf } from '../../../src/core/arguments.ts';
import type { Wait } from '../../../src/core/deadline.ts';
import {
  anyObject,
  either,
  flag,
  listOf,
  oneOf,
  options,
  text,
  texts,
  textsByName,
  waitOptions,
  waitSchemas,
  wholeNumber,
} from '../../../src/core/schemas.ts';

interface RunOptions extends Partial<Wait> {
  readonly check?: boolean;
  readonly password?: string;
}

interface File {
  readonly path: string;
}

interface Spec {
  readonly command?: readonly string[];
  readonly files?: readonly File[];
  readonly mode?: 'a' | 'b';
}

const runOptions = options<RunOptions>({ ...waitSchemas, check: flag.optional(), password: text.optional() }).optional();
const run = argumentsOf('shell.run', { command: text, options: runOptions });
const start = argumentsOf('apps.start', {
  spec: options<Spec>({
    command: texts.optional(),
    files: listOf(options<File>({ path: text }), 'a list of files').optional(),
    mode: oneOf(['a', 'b']).optional(),
  }),
  wait: waitOptions,
});
const ping = argumentsOf('node.ping', {
  target: either<string | number>('an address or a number', text, wholeNumber(1, 9)),
  wait: waitOptions,
});
const reset = argumentsOf('dut.reset');

/** The message of the error for these arguments; undefined if they are right. */
function problem(check: (given: readonly unknown[]) => void, ...given: readonly unknown[]): string | undefined {
  try {
    check(given);
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ALPY_USAGE', fault: 'usage' });
    return (error as Error).message;
  }
}

test.each([
  [run, ['ls']],
  [run, ['ls', undefined]],
  [run, ['ls', {}]],
  [run, ['ls', { timeoutMs: 0, signal: undefined, check: false }]],
  [run, ['ls', { signal: new AbortController().signal }, undefined]],
  [run, ['ls', Object.assign(Object.create(null) as object, { check: true })]],
  [start, [{ command: ['a'], files: [{ path: '/a' }], mode: 'a' }, { timeoutMs: 1.5 }]],
  [ping, [3]],
  [reset, []],
])('right arguments pass (%#)', (check, given) => {
  expect(problem(check, ...given)).toBeUndefined();
});

describe('a message names the function, what is wrong, and what is right', () => {
  test('for an option with a wrong name', () => {
    expect(problem(run, 'ls', { chek: false })).toBe(
      'shell.run: unknown option "chek": did you mean "check"? Expected one of: timeoutMs, signal, check, password',
    );
    expect(problem(run, 'ls', { timeout: 5 })).toMatch(/"timeout": did you mean "timeoutMs"\?/);
    expect(problem(run, 'ls', { other: 5, check: true })).toBe(
      'shell.run: unknown option "other". Expected one of: timeoutMs, signal, check, password',
    );
    expect(problem(start, { files: [{ pth: '/a', path: '/a' }] })).toBe(
      'apps.start: files[0]: unknown option "pth": did you mean "path"? Expected one of: path',
    );
  });

  test.each([
    ['5', '"5"'],
    [NaN, 'NaN'],
    [-1, '-1'],
    [Infinity, 'Infinity'],
    [2 ** 31, '2147483648'],
    [null, 'null'],
    [() => 5, 'a function'],
  ])('for a time of %s', (timeoutMs, shown) => {
    expect(problem(run, 'ls', { timeoutMs })).toBe(
      `shell.run: expected timeoutMs to be a number of milliseconds from 0 to 2147483647, got ${shown}`,
    );
  });

  test('for an option or an argument of a wrong type', () => {
    expect(problem(run, 'ls', { check: 'no' })).toBe('shell.run: expected check to be true or false, got "no"');
    expect(problem(run, 5)).toBe('shell.run: expected command to be a string, got 5');
    expect(problem(run)).toBe('shell.run: expected command to be a string, got nothing');
    expect(problem(run, ['ls', '-l'])).toBe('shell.run: expected command to be a string, got a list');
    expect(problem(run, Promise.resolve('ls'))).toBe('shell.run: expected command to be a string, got a promise. Await it first');
    expect(problem(start, { command: ['a', 5] })).toBe('apps.start: expected command[1] to be a string, got 5');
    expect(problem(start, { mode: 'c' })).toBe('apps.start: expected mode to be one of "a", "b", got "c"');
    expect(problem(ping, true)).toBe('node.ping: expected target to be an address or a number, got true');
  });

  test('for a value that is not an object with options', () => {
    expect(problem(run, 'ls', 5000)).toMatch(/expected options to be .*, got 5000\. Did you mean \{ timeoutMs: 5000 \}\?$/);
    expect(problem(run, 'ls', '-l')).toBe(
      'shell.run: expected options to be an object with options (timeoutMs, signal, check, password), got "-l"',
    );
    expect(problem(run, 'ls', new AbortController().signal)).toMatch(/, got an object of class AbortSignal$/);
    expect(problem(run, 'ls', [])).toMatch(/, got an empty list$/);
  });

  test('for an option in the wrong argument', () => {
    expect(problem(run, { check: false })).toBe(
      'shell.run: "check" belongs in the second argument: shell.run(command, { check: false })',
    );
    expect(problem(start, { command: ['a'], timeoutMs: 5 })).toBe(
      'apps.start: "timeoutMs" belongs in the second argument: apps.start(spec, { timeoutMs: 5 })',
    );
    expect(problem(start, {}, { command: ['a'] })).toBe(
      'apps.start: "command" belongs in the first argument: apps.start({ command: … })',
    );
  });

  test('for arguments that the function does not have', () => {
    expect(problem(reset, { timeoutMs: 5 })).toBe('dut.reset: expected no arguments, got 1: dut.reset()');
    expect(problem(run, 'ls', {}, {})).toBe('shell.run: expected at most 2 arguments, got 3: shell.run(command, options)');
  });

  test('for several at once, one line each', () => {
    expect(problem(run, 5, { check: 1, chek: 2 })?.split('\n')).toHaveLength(3);
  });
});

test('a message shows no password', () => {
  expect(problem(run, 'ls', { password: 12345 })).toBe('shell.run: expected password to be a string, got a number');
  expect(problem(run, { password: 12345 })).not.toContain('12345');
});

test('the variables of this process are an object like any other', () => {
  const exec = argumentsOf('exec', { variables: anyObject, environment: textsByName });
  expect(problem(exec, process.env, process.env)).toBeUndefined();
  expect(problem(exec, [], { PORT: 80 })?.split('\n')).toEqual([
    'exec: expected variables to be an object, got an empty list',
    'exec: expected environment to be an object with strings, got an object',
  ]);
});

test('a check takes microseconds', () => {
  const given = ['ls', { timeoutMs: 5, check: false }];
  const startMs = performance.now();
  for (let call = 0; call < 10_000; call++) run(given);
  expect((performance.now() - startMs) / 10_000).toBeLessThan(0.5); // ms; on a busy machine, too
});

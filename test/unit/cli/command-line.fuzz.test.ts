// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { expect, vi } from 'vitest';
import type { CliIo } from '../../../src/cli/io.ts';
import { parse } from '../../../src/cli/command-line.ts';
import { UsageError } from '../../../src/core/errors.ts';
import { anyText, fuzz } from '../../support/fuzz.ts';

const ignore = (): undefined => undefined;
const io: CliIo = {
  env: {},
  directory: '/nowhere',
  signal: new AbortController().signal,
  stdout: ignore,
  stderr: ignore,
  exitWith: ignore,
};

/** Thrown in place of running a command. */
class Parsed extends Error {
  readonly values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    super();
    this.values = values;
  }
}

/** Parses a command line. No command runs. @returns its values; undefined if it only printed help */
async function valuesOf(args: readonly string[]): Promise<Readonly<Record<string, unknown>> | undefined> {
  const print = vi.spyOn(console, 'log').mockImplementation(ignore);
  try {
    await parse(args, io, (argv) =>
      argv.middleware((values) => {
        throw new Parsed(values);
      }),
    );
    return undefined;
  } catch (error) {
    if (error instanceof Parsed) return error.values;
    throw error;
  } finally {
    print.mockRestore();
  }
}

const command = fc.constantFrom(
  ...['run', 'init', 'up', 'exec', 'configure', 'console', 'dut', 'link', 'capture', 'status', 'down', 'doctor', 'images'],
  ...[
    'images pull',
    'appliance',
    'appliance boot',
    'snapshot',
    'snapshot save',
    'report merge',
    'publish',
    'config',
    'schema',
    'topology',
  ],
  ...['clean', 'executor', 'executor config', 'executor run', 'executor install', 'keep', '', 'completion', 'nothing'],
);
const option = fc.constantFrom(
  ...[
    '--config',
    '--out',
    '--workers',
    '--retries',
    '--bail',
    '--shuffle',
    '--grep',
    '-t',
    '--shard',
    '--durations',
    '--timeout',
    '--accel',
  ],
  ...[
    '--image',
    '--reporter',
    '--verbose',
    '--no-verbose',
    '--json',
    '--tag',
    '--settings',
    '--runner-config',
    '--name',
    '--hours',
  ],
  ...['--limit-mib', '--max-mib', '--unused-days', '--variables', '--run', '--help', '-h', '--version', '-v', '-vh', '--', '-'],
  ...[
    '--file',
    '--action',
    '--filter',
    '--directory',
    '--folders',
    '--script',
    '--stage',
    '--__proto__',
    '--constructor',
    '--_',
    '--$0',
  ],
);
const value = fc.oneof(anyText, fc.constantFrom('1', '1.5', '1e99', 'list', 'merge', 'boot', '2/5', '30s', 'a.test.ts:3'));
const word = fc.oneof(
  option,
  value,
  fc.tuple(option, value).map(([name, text]) => `${name}=${text}`),
  fc.tuple(option, fc.constantFrom('.a', '.__proto__', '[0]', '.0.toString')).map(([name, path]) => `${name}${path}`),
);

/** The values of these are lists. */
const lists = ['_', '--', 'filter', 'names', 'folders', 'tag'];

fuzz(
  'any command line is parsed or refused as wrong usage, and every option has one value of its type',
  [command, fc.array(word, { maxLength: 6 })],
  async (name, words) => {
    const args = [...name.split(' ').filter((part) => part !== ''), ...words];
    let values: Readonly<Record<string, unknown>> | undefined;
    try {
      values = await valuesOf(args);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect((error as UsageError).message).not.toBe('');
    }
    if (values === undefined || 'words' in values || ['', 'nothing'].includes(name)) return; // no command reads them
    for (const [key, one] of Object.entries(values)) {
      if (lists.includes(key)) for (const item of one as readonly unknown[]) expect(['string', 'number']).toContain(typeof item);
      else expect(['string', 'number', 'boolean', 'undefined']).toContain(typeof one);
    }
  },
  {
    runs: 30,
    examples: [
      ['run', ['--out', 'a', '--out', 'b']],
      ['run', ['--out.x=a']],
      ['run', ['--accel=kvm', '--accel=tcg']],
      ['run', ['--constructor=1']],
      ['run', ['--no-to-string']],
      ['console', ['--constructor=1']],
      ['publish', ['--out', 'a', '--out', 'b']],
      ['report merge', ['x', '--out', 'a', '--out', 'b']],
    ],
  },
);

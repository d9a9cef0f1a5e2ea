// SPDX-License-Identifier: GPL-3.0-or-later
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { alpyVersion } from '../../../src/version.ts';

const run = promisify(execFile);
const bin = resolve(import.meta.dirname, '../../../src/cli/bin.ts');

async function alpy(...args: readonly string[]): Promise<string> {
  return (await run(process.execPath, [bin, ...args], { env: { ...process.env, SHELL: '/bin/sh' } })).stdout;
}

test.each([
  ['bash', 'complete -o bashdefault -o default -F _alpy_yargs_completions alpy'],
  ['zsh', '#compdef alpy'],
  ['fish', 'complete -f -c alpy'],
])('alpy completion %s prints a script for that shell', async (shell, line) => {
  expect(await alpy('completion', shell)).toContain(line);
});

test('alpy -v prints the version', async () => {
  expect(await alpy('-v')).toBe(`${alpyVersion}\n`);
});

test('alpy run --help is grouped and fits a screen', async () => {
  const lines = (await alpy('run', '--help')).split('\n');
  expect(lines.filter((line) => /^[A-Z].*:$/.test(line))).toEqual([
    'Choose tests:',
    'Run them:',
    'At a terminal:',
    'Output:',
    'Positionals:',
    'Options:',
  ]);
  expect(lines.length).toBeLessThan(48);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
});

test('bash completes a command and an option', async () => {
  const script = `alpy() { '${process.execPath}' '${bin}' "$@"; }
    source /dev/stdin <<<"$(alpy completion bash)"
    complete_words() { COMP_WORDS=(alpy "$@"); COMP_CWORD=$#; _alpy_yargs_completions; echo "\${COMPREPLY[@]}"; }
    complete_words snap; complete_words run --shar`;
  const { stdout } = await run('bash', ['-c', script]);
  expect(stdout).toBe('snapshot\n--shard\n');
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runFixes } from '../../../src/doctor/fix.ts';

const finding = { name: 'x', text: 'is missing', remedy: 'create it' };

function options(directory: string, lines: string[]) {
  return {
    directory,
    signal: new AbortController().signal,
    alpy: (args: readonly string[]) => ['sh', '-c', 'echo "$@" >>ran', 'sh', ...args],
    print: (line: string) => void lines.push(line),
  };
}

test('the commands of findings that are not ok run in order', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fix-'));
  const lines: string[] = [];
  const findings = [
    { ...finding, result: 'ok', fix: ['alpy', 'never'] },
    { ...finding, result: 'warning', fix: ['alpy', 'images', 'build', 'traffic'] },
    { ...finding, result: 'failure' },
    { ...finding, result: 'failure', fix: ['touch', 'created'] },
  ] as const;
  expect(await runFixes(findings, options(folder.path, lines))).toBe(true);
  expect(await readFile(join(folder.path, 'ran'), 'utf8')).toBe('images build traffic\n');
  expect(await readFile(join(folder.path, 'created'), 'utf8')).toBe('');
  expect(lines).toEqual(['running: alpy images build traffic', 'running: touch created']);
});

test.each([[['false']], [['/nowhere/modprobe', 'tun']]])('if %j fails, the user reads why', async (fix) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fix-'));
  const lines: string[] = [];
  expect(await runFixes([{ ...finding, result: 'failure', fix }], options(folder.path, lines))).toBe(false);
  expect(lines[1]).toMatch(/^that failed: /);
});

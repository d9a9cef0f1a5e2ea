// SPDX-License-Identifier: GPL-3.0-or-later
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { closeVitest } from '../../../src/runner/close-vitest.ts';

const module = resolve(import.meta.dirname, '../../../src/runner/close-vitest.ts');

test('if Vitest never closes after a stopped run, the process still writes its reports', () => {
  const program = `const { closeVitest } = await import(${JSON.stringify(module)});
    await closeVitest({ vitest: { close: () => new Promise(() => undefined) } }, AbortSignal.abort(), 10);
    console.log('reports');`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'reports\n' });
});

test('a run that was not stopped waits until Vitest has closed, and reports its errors', async () => {
  const failure = new Error('cannot close');
  const close = (): Promise<never> => Promise.reject(failure);
  await expect(closeVitest({ vitest: { close } }, new AbortController().signal, 1)).rejects.toBe(failure);
});

test('the temporary files of a stopped run are removed although Vitest never closes', async () => {
  const temporary = await mkdtemp(join(tmpdir(), 'alpy-close-'));
  await writeFile(join(temporary, 'module'), '');
  await closeVitest({ vitest: { close: () => new Promise(() => undefined) }, temporary }, AbortSignal.abort(), 10);
  expect(existsSync(temporary)).toBe(false);
});

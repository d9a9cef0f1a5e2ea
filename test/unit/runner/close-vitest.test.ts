// SPDX-License-Identifier: GPL-3.0-or-later
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { closeVitest } from '../../../src/runner/close-vitest.ts';

const module = resolve(import.meta.dirname, '../../../src/runner/close-vitest.ts');

test('if Vitest never closes after a stopped run, the process still writes its reports', () => {
  const program = `const { closeVitest } = await import(${JSON.stringify(module)});
    await closeVitest({ close: () => new Promise(() => undefined) }, AbortSignal.abort(), 10);
    console.log('reports');`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'reports\n' });
});

test('a run that was not stopped waits until Vitest has closed, and reports its errors', async () => {
  const failure = new Error('cannot close');
  const close = (): Promise<never> => Promise.reject(failure);
  await expect(closeVitest({ close }, new AbortController().signal, 1)).rejects.toBe(failure);
});

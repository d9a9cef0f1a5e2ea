// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { version } from 'vitest/node';
import { expect, test } from 'vitest';
import { assertProcess } from '../../../src/runner/test-workers.ts';

test('the process of a worker is returned', () => {
  const child = spawn('true');
  expect(assertProcess(child)).toBe(child);
});

test.each([undefined, {}, { pid: 7 }])(
  'a version of Vitest that keeps it elsewhere (%j) is reported as not supported',
  (child) => {
    expect(() => assertProcess(child)).toThrow(expect.objectContaining({ code: 'ALPY_BUG' }));
  },
);

test('the version of Vitest that is installed is one that package.json allows', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
  expect(dependencies['vitest']).toMatch(new RegExp(`^\\^${version.split('.')[0] ?? ''}\\.`));
});

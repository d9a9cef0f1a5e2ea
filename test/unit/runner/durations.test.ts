// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readDurations } from '../../../src/runner/durations.ts';
import { runJson } from '../../../src/report/index.ts';
import { runReport, testReport } from '../report/build.ts';

async function fileWith(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'alpy-durations-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'd.json'), text);
  return join(directory, 'd.json');
}

test('reads durations from an earlier run, summed per file', async () => {
  const tests = [
    testReport({ file: 'a.test.ts', durationMs: 1500 }),
    testReport({ file: 'a.test.ts', durationMs: 500 }),
    testReport({ file: 'b.test.ts', durationMs: 250 }),
  ];
  expect(await readDurations(await fileWith(runJson(runReport(tests))))).toEqual(
    new Map([
      ['a.test.ts', 2],
      ['b.test.ts', 0.25],
    ]),
  );
});

test('reads durations from an object', async () => {
  expect(await readDurations(await fileWith('{"a.test.ts": 3}'))).toEqual(new Map([['a.test.ts', 3]]));
});

test.each(['[]', '{"a": "3"}', '{"a": -1}', 'null', '{"a": 1'])('refuses %s', async (text) => {
  await expect(readDurations(await fileWith(text))).rejects.toMatchObject({ code: 'ALPY_USAGE' });
});

test('refuses a device', async () => {
  await expect(readDurations('/dev/zero')).rejects.toMatchObject({ code: 'ALPY_USAGE' });
});

test('refuses a missing file', async () => {
  await expect(readDurations('/nonexistent/run.json')).rejects.toThrow('--durations: cannot read /nonexistent/run.json');
});

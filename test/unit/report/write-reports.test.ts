// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeReports } from '../../../src/report/write-reports.ts';
import { runReport, testReport } from './build.ts';

test('if a report cannot be written, the others still are', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-reports-'));
  await writeFile(join(made.path, 'report'), 'a file in place of the folder');
  await mkdir(join(made.path, 'junit.xml', 'a folder'), { recursive: true });
  const error: unknown = await writeReports(runReport([testReport()]), made.path, 'out').catch((caught: unknown) => caught);
  expect(error).toMatchObject({ errors: [{ message: /junit\.xml/ }, { message: /index\.html/ }] });
  expect((await readdir(made.path)).sort()).toEqual(['junit.xml', 'metrics.txt', 'report', 'run.json']);
});

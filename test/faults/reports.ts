// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TestReport } from '../../src/report/index.ts';
import type { LeftReports } from './judge.ts';

/**
 * Reads the reports of a run.
 * @param endedBefore - the tests whose files are checked
 */
export function readReports(out: string, endedBefore: readonly string[]): LeftReports {
  const stored = readStored(join(out, 'results.ndjson'));
  const run = existsSync(join(out, 'run.json'))
    ? (JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as NonNullable<LeftReports['run']>)
    : undefined;
  const known = [...stored, ...(run?.tests ?? [])];
  const withoutFiles = endedBefore.filter((name) => {
    const directory = known.find(({ file, fullName }) => `${file} > ${fullName}` === name)?.directory;
    return (
      directory !== undefined &&
      !['link0.pcap', 'console.log', 'console.txt', 'events.ndjson'].every((file) => isFilled(join(out, directory, file)))
    );
  });
  return {
    ...(run ? { run } : {}),
    stored: stored.map(({ file, fullName }) => `${file} > ${fullName}`),
    hasJunit: isFilled(join(out, 'junit.xml')),
    withoutFiles,
  };
}

function readStored(path: string): readonly TestReport[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1); // the last one is empty, or incomplete
  return lines.flatMap((line) => (JSON.parse(line) as { readonly test?: TestReport }).test ?? []);
}

function isFilled(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

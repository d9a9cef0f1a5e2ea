// SPDX-License-Identifier: GPL-3.0-or-later
import { messageOf, UsageError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-object.ts';
import { readRegular } from '../core/plain-file.ts';
import { maxReportBytes, parseRunJson, type RunReport } from '../report/index.ts';

/**
 * Reads how long test files took, from `run.json` of an earlier run or from an object `{"file": seconds}`.
 * @returns durations in `s` by file
 * @throws UsageError when it is neither, or cannot be read
 */
export async function readDurations(file: string): Promise<ReadonlyMap<string, number>> {
  let value: unknown;
  try {
    value = JSON.parse(await readRegular(file, maxReportBytes));
  } catch (cause) {
    throw new UsageError(`--durations: cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
  if (isJsonObject(value) && 'schemaVersion' in value) return durationsOf(parseRunJson(value, file));
  const entries = isJsonObject(value) ? Object.entries(value) : undefined;
  if (entries?.every(isDuration)) return new Map(entries);
  throw new UsageError(`--durations: ${file} is neither run.json of an earlier run nor {"test file": seconds, …}`);
}

/** Durations of test files, in `s`, summed over their tests. Pure. */
function durationsOf({ tests }: Pick<RunReport, 'tests'>): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { file, durationMs } of tests) sums.set(file, (sums.get(file) ?? 0) + durationMs / 1000);
  return sums;
}

function isDuration(entry: readonly [string, unknown]): entry is [string, number] {
  return typeof entry[1] === 'number' && entry[1] >= 0;
}

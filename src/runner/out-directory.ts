// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { storedResultsFile } from '../report/index.ts';

/** Removes the results of an earlier run, but no other files. */
export async function clearOut(outDirectory: string, testsDirectory: string): Promise<void> {
  try {
    const files = ['junit.xml', 'run.json', 'report', 'metrics.txt', 'annotations.json', storedResultsFile].map((name) =>
      join(outDirectory, name),
    );
    for (const path of [testsDirectory, ...files]) {
      await rm(path, { recursive: true, force: true });
    }
  } catch (cause) {
    throw new EnvironmentError(`cannot clear the output directory ${outDirectory}: ${messageOf(cause)}`, { cause });
  }
  await makeFolder(testsDirectory);
}

/** Creates a folder if it does not exist. @throws EnvironmentError if it cannot be created */
export async function makeFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((cause: unknown) => {
    throw new EnvironmentError(`cannot create the output directory ${directory}: ${messageOf(cause)}`, { cause });
  });
}

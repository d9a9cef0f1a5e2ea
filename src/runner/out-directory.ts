// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { storedResultsFile } from '../report/index.ts';

/** Takes away what an earlier run left, but nothing that others may have put beside it. */
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

/** Makes a folder, if it is not there. @throws EnvironmentError if it cannot be made */
export async function makeFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((cause: unknown) => {
    throw new EnvironmentError(`cannot make the output directory ${directory}: ${messageOf(cause)}`, { cause });
  });
}

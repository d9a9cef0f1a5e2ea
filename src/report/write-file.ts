// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnvironmentError, messageOf } from '../core/errors.ts';

/**
 * Writes a report whole or not at all, so that nobody ever reads half of one; makes the directory.
 * @throws {@link EnvironmentError} when it cannot be written
 */
export async function writeReport(file: string, text: string): Promise<void> {
  const draft = `${file}.part`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(draft, text);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined); // the first error is the one to tell
    throw new EnvironmentError(`cannot write ${file}: ${messageOf(error)}`, { cause: error });
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnvironmentError, messageOf } from '../core/errors.ts';

/**
 * Writes a report completely or not at all, so that no reader sees half of one. Creates its directory.
 * @throws {@link EnvironmentError} if it cannot be written
 */
export async function writeReport(file: string, text: string): Promise<void> {
  const draft = `${file}.part`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(draft, text);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined); // the error to report is the first one
    throw new EnvironmentError(`cannot write ${file}: ${messageOf(error)}`, { cause: error });
  }
}

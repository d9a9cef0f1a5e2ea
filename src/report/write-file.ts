// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { replaceFile } from '../core/plain-file.ts';

/**
 * Writes a report completely or not at all, so that no reader sees half of one. Creates its directory.
 * @throws {@link EnvironmentError} if it cannot be written
 */
export async function writeReport(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await replaceFile(file, text);
  } catch (error) {
    throw new EnvironmentError(`cannot write ${file}: ${messageOf(error)}`, { cause: error });
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { UsageError } from '../core/errors.ts';

/**
 * Asserts that files of an appliance, after following links, are in folders that a job may use.
 * @param folders - absent if every file is allowed
 * @throws UsageError that names the first that is not
 */
export async function assertFilesAreAllowed(paths: readonly string[], folders: readonly string[] | undefined): Promise<void> {
  if (!folders) return;
  const allowed = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
  for (const path of paths) {
    const real = await realpath(path).catch(() => path); // it may not exist, which is reported later
    if (allowed.some((folder) => real.startsWith(folder.endsWith(sep) ? folder : folder + sep))) continue;
    throw new UsageError(
      `the appliance needs ${path}, which a job may not use: it must lie in the project, or in a folder of imageFolders in the driver's settings`,
    );
  }
}

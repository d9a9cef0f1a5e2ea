// SPDX-License-Identifier: GPL-3.0-or-later
import { rm } from 'node:fs/promises';
import { codeOf, messageOf } from '../../../core/errors.ts';
import { runFileScript, type FileScriptContext } from './file-script.ts';

/** Files made in containers, by their root; and folders in folders, too deep for a path. */
const beyondUs = ['EACCES', 'EPERM', 'ENAMETOOLONG'];

/**
 * Removes a folder of a job's, also what containers have made in it.
 * @throws EnvironmentError when it cannot be emptied
 */
export async function removeFolder(context: FileScriptContext, folder: string, signal: AbortSignal): Promise<void> {
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await remove();
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return; // there can be no such folder
    if (!beyondUs.includes(codeOf(error) ?? '')) throw new Error(messageOf(error), { cause: error });
    await emptyFolder(context, folder, signal);
    await remove();
  }
}

async function emptyFolder(context: FileScriptContext, folder: string, signal: AbortSignal): Promise<void> {
  const mounts = [{ source: folder, target: '/alpy/folder', readOnly: false }];
  const script = 'find /alpy/folder -mindepth 1 -delete';
  await runFileScript(context, { script, args: [], mounts, what: `empty ${folder}` }, signal);
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { rm } from 'node:fs/promises';
import { codeOf, messageOf } from '../../../core/errors.ts';
import { runFileScript, type FileScriptContext } from './file-script.ts';

/** Errors that a container gets around: files of root that containers created, and nested folders too deep for a path. */
const containerCanHelp = ['EACCES', 'EPERM', 'ENAMETOOLONG'];

/**
 * Removes a folder of a job with everything in it, including files that containers created. Does nothing if it does not exist.
 * @throws EnvironmentError when it cannot be emptied
 */
export async function removeFolder(context: FileScriptContext, folder: string, signal: AbortSignal): Promise<void> {
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await remove();
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return; // a parent is no folder
    if (!containerCanHelp.includes(codeOf(error) ?? '')) throw new Error(messageOf(error), { cause: error });
    await emptyFolder(context, folder, signal);
    await remove();
  }
}

async function emptyFolder(context: FileScriptContext, folder: string, signal: AbortSignal): Promise<void> {
  const mounts = [{ source: folder, target: '/alpy/folder', readOnly: false }];
  const script = 'find /alpy/folder -mindepth 1 -delete';
  await runFileScript(context, { script, args: [], mounts, what: `empty ${folder}` }, signal);
}

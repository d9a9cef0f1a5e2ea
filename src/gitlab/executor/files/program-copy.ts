// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, chmod, copyFile, mkdir, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { EnvironmentError, messageOf } from '../../../core/errors.ts';

/**
 * Copies a program to a folder that the daemon sees, unless the same version is there already. Removes older copies.
 * @param searchPath - like the variable PATH
 * @param folder - created if necessary; only its owner may enter it
 * @returns the path of the copy; `undefined` if there is no such program
 * @throws EnvironmentError when it cannot be copied
 */
export async function provideProgram(name: string, searchPath: string, folder: string): Promise<string | undefined> {
  const source = await findProgram(name, searchPath);
  if (source === undefined) return undefined;
  try {
    const { size, mtimeMs, ino } = await stat(source);
    const copy = join(folder, `${name}-${size}-${Math.floor(mtimeMs)}-${ino}`);
    if (existsSync(copy)) return copy;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const draft = `${copy}.${randomBytes(6).toString('hex')}.part`;
    await copyFile(source, draft, constants.COPYFILE_EXCL);
    await chmod(draft, 0o755);
    await rename(draft, copy);
    // drafts stay: another job may be writing one
    const old = (await readdir(folder))
      .map((file) => join(folder, file))
      .filter((path) => path !== copy && !path.endsWith('.part'));
    for (const path of old) await rm(path, { force: true });
    return copy;
  } catch (cause) {
    throw new EnvironmentError(`cannot copy ${source} to ${folder}: ${messageOf(cause)}`, { cause });
  }
}

async function findProgram(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter).filter((part) => part.startsWith('/'))) {
    const path = join(folder, name);
    const isProgram = await access(path, constants.X_OK).then(
      async () => (await stat(path)).isFile(),
      () => false,
    );
    if (isProgram) return realpath(path);
  }
  return undefined;
}

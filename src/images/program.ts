// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../core/errors.ts';
import { readContext, readContextFile, type ContextFile } from './context.ts';

/** Two levels up from this module. */
const repository = path.join(import.meta.dirname, '..', '..');

/** What of the repository alpy needs to run. */
const folders = ['src', 'carrot', 'ci-images', 'rabbit/image', 'templates'];
const files = ['package.json', 'tsconfig.json', 'COPYING']; // TypeScript's settings are read by Vite

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
}

/**
 * The running Node as `node`, and alpy with the packages that it needs at run time as `alpy/…`. Both are copied from here
 * and not fetched by the build, so that it needs no package registry and holds what was tested.
 * @throws UsageError when this alpy is not a clone of its repository with the packages of its lock file, or Node not of Linux
 */
export async function programFiles(root = repository): Promise<readonly ContextFile[]> {
  const lock = path.join(root, 'package-lock.json');
  if (!existsSync(lock) || !existsSync(path.join(root, 'src', 'cli'))) {
    throw new UsageError(`an image that holds alpy is built from a clone of alpy's repository, which ${root} is not`);
  }
  if (process.platform !== 'linux') throw new UsageError(`the Node of an image must be one of Linux, not ${process.platform}`);
  const { packages } = JSON.parse(await readFile(lock, 'utf8')) as Lockfile;
  const modules = Object.entries(packages)
    .filter(([name, { dev, devOptional }]) => name !== '' && dev !== true && devOptional !== true)
    .map(([name]) => name)
    .filter((name) => existsSync(path.join(root, name))); // of other platforms otherwise
  const outermost = modules.filter((name) => !modules.some((other) => name.startsWith(`${other}/`)));
  const parts = await Promise.all([...folders, ...outermost].map((folder) => filesOf(root, folder)));
  const single = files.map((file) => readContextFile(path.join(root, file), `alpy/${file}`));
  return [await readContextFile(process.execPath, 'node'), ...(await Promise.all(single)), ...parts.flat()];
}

async function filesOf(root: string, folder: string): Promise<readonly ContextFile[]> {
  const found = await readContext(path.join(root, folder));
  return found.map((file) => ({ ...file, name: `alpy/${folder}/${file.name}` }));
}

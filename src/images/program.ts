// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../core/errors.ts';
import { readContext, readContextFile, type ContextFile } from './context.ts';
import { runTimeFolders, type Lockfile } from './lockfile.ts';
import type { Manifest } from './manifest.ts';
import type { ResolvedImage } from './resolved-image.ts';

/** Two levels up from this module. */
const repository = path.join(import.meta.dirname, '..', '..');

/** The parts of the repository that alpy needs at run time. */
const folders = ['src', 'carrot', 'ci-images', 'rabbit/image', 'templates'];
const files = ['package.json', 'tsconfig.json', 'COPYING']; // TypeScript's settings are read by Vite

/** The images that can be built here: those of the list, but only in a clone of the repository those that contain alpy itself. */
export function buildableHere(images: readonly ResolvedImage[], manifest: Manifest, root = repository): readonly ResolvedImage[] {
  const hasSources = isClone(root);
  return images.filter(({ name, buildable }) => buildable && (hasSources || manifest.images[name]?.program !== true));
}

function isClone(root: string): boolean {
  return existsSync(path.join(root, 'package-lock.json')) && existsSync(path.join(root, 'src', 'cli'));
}

/**
 * Reads the running Node as `node`, and alpy with its run-time packages as `alpy/…`. The build copies both from here, so it
 * needs no package registry and the image contains what was tested.
 * @throws UsageError if this alpy is not a clone of its repository with the packages of its lock file, or Node is not for Linux
 */
export async function programFiles(root = repository): Promise<readonly ContextFile[]> {
  if (!isClone(root))
    throw new UsageError(`expected a clone of alpy's repository to build an image that contains alpy, got ${root}`);
  if (process.platform !== 'linux')
    throw new UsageError(`expected Node for Linux to copy into an image, got Node for ${process.platform}`);
  // "bundled": packages that are part of the npm package, so they are not among its dependencies
  const { bundled = [] } = await readJson<{ readonly bundled?: readonly string[] }>(path.join(root, 'package.json'));
  const lock = await readJson<Lockfile>(path.join(root, 'package-lock.json'));
  const modules = runTimeFolders(lock, bundled).filter(
    (name) => existsSync(path.join(root, name)), // packages for other platforms are missing
  );
  const outermost = modules.filter((name) => !modules.some((other) => name.startsWith(`${other}/`)));
  const parts = await Promise.all([...folders, ...outermost].map((folder) => filesOf(root, folder)));
  const single = files.map((file) => readContextFile(path.join(root, file), `alpy/${file}`));
  return [await readContextFile(process.execPath, 'node'), ...(await Promise.all(single)), ...parts.flat()];
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}

async function filesOf(root: string, folder: string): Promise<readonly ContextFile[]> {
  const found = await readContext(path.join(root, folder));
  return found.map((file) => ({ ...file, name: `alpy/${folder}/${file.name}` }));
}

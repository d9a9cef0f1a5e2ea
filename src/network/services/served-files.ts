// SPDX-License-Identifier: GPL-3.0-or-later
import { access, constants, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, posix } from 'node:path';
import { codeOf, messageOf, UsageError } from '../../core/errors.ts';
import { isWithin } from '../../core/file.ts';
import type { ContainerFile, Mount } from '../../docker/index.ts';
import type { ServedFiles } from '../../topology/index.ts';
import { servedFolder } from './plan.ts';

/** A file that a service offers. */
export interface ServedFile {
  /** below the root of the service, without a leading slash */
  readonly path: string;
  /** the content, or the file of this machine that has it, with all links followed */
  readonly content: string | { readonly file: string };
}

/** The most files and folders that a folder may have: each test looks at all of them. */
const maxEntries = 10_000;
const maxDepth = 32;

/**
 * Lists the files that a service offers, in the order of their paths. Links are followed, but not out of the folder.
 * @param where - names the service in errors: `topology.nodes.node0.http`
 * @throws UsageError if a folder or file is missing or may not be read, a link leads out of the folder, or there are too many files
 */
export async function listServedFiles(where: string, { root, files = {} }: ServedFiles): Promise<readonly ServedFile[]> {
  if (root !== undefined) return await walkRoot(`${where}.root`, root);
  return await Promise.all(
    Object.entries(files).map(async ([name, content]) => ({
      path: name.replace(/^\//, ''),
      content: typeof content === 'string' ? content : { file: await singleFile(`${where}.files.${name}.file`, content.file) },
    })),
  );
}

async function singleFile(where: string, file: string): Promise<string> {
  const found = await stat(file).catch((cause: unknown) => missing(where, 'file', file, cause));
  if (!found.isFile()) throw new UsageError(`${where}: expected a file, got something else: ${file}. Correct the path`);
  await assertReadable(where, file);
  return await realpath(file);
}

/** How the container of a service gets its files. */
export interface FilesForContainer {
  readonly mounts: readonly Mount[];
  readonly files: readonly ContainerFile[];
  /** the user who can read all of them; absent for anybody */
  readonly user?: string | undefined;
}

/**
 * Shows files to the container of a service: it mounts a folder if the daemon sees files of this machine, and otherwise gets copies.
 * @throws what {@link listServedFiles} throws
 */
export async function filesForContainer(where: string, served: ServedFiles, isMounted: boolean): Promise<FilesForContainer> {
  const listed = await listServedFiles(where, served);
  if (served.root !== undefined && isMounted) {
    const { uid, gid } = await stat(served.root);
    return {
      mounts: [{ source: await realpath(served.root), target: servedFolder, readOnly: true }],
      files: [],
      user: `${uid}:${gid}`,
    };
  }
  const files = listed.map(({ path, content }) => ({ path: posix.join(servedFolder, path), content }));
  return { mounts: [], files };
}

async function walkRoot(where: string, root: string): Promise<readonly ServedFile[]> {
  const found = await stat(root).catch((cause: unknown) => missing(where, 'folder', root, cause));
  if (!found.isDirectory()) throw new UsageError(`${where}: expected a folder, got a file: ${root}. Correct the path`);
  const real = await realpath(root);
  const files: Walk['files'] = [];
  await walk({ where, root: real, files, entries: 0 }, { path: '', real }, 0);
  await Promise.all(files.map(({ file }) => assertReadable(where, file)));
  return files.map(({ path, file }) => ({ path, content: { file } }));
}

interface Walk {
  readonly where: string;
  /** without links */
  readonly root: string;
  readonly files: { readonly path: string; readonly file: string }[];
  /** how many it has seen, also by links */
  entries: number;
}

interface Folder {
  /** below the root */
  readonly path: string;
  /** without links */
  readonly real: string;
}

async function walk(state: Walk, folder: Folder, depth: number): Promise<void> {
  const { where, root, files } = state;
  if (depth > maxDepth)
    throw new UsageError(
      `${where}: expected at most ${maxDepth} levels of folders, got more: ${join(root, folder.path)}. Does a link lead to a folder above it?`,
    );
  const entries = await readdir(folder.real, { withFileTypes: true }).catch((cause: unknown) =>
    unreadable(where, folder.real, cause),
  );
  state.entries += entries.length;
  if (state.entries > maxEntries)
    throw new UsageError(
      `${where}: expected at most ${maxEntries} files and folders, got more. Choose a folder that has less: ${root}`,
    );
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const found = join(folder.real, entry.name);
    const real = entry.isSymbolicLink() ? await followLink(state, found) : found;
    const kind = entry.isSymbolicLink() ? await stat(real) : entry;
    const path = posix.join(folder.path, entry.name);
    if (kind.isDirectory()) await walk(state, { path, real }, depth + 1);
    else if (kind.isFile()) files.push({ path, file: real });
  }
}

/** In the container, an absolute link would lead elsewhere. */
async function followLink({ where, root }: Walk, link: string): Promise<string> {
  const target = await readlink(link);
  const real = await realpath(link).catch(() => undefined);
  if (real !== undefined && !isAbsolute(target) && isWithin(root, real)) return real;
  const got = real === undefined ? 'one that leads nowhere' : isAbsolute(target) ? 'an absolute one' : 'one that leads out of it';
  throw new UsageError(
    `${where}: expected relative links that stay in the folder, got ${got}: ${link} -> ${target}. Copy the file instead`,
  );
}

function missing(where: string, kind: 'folder' | 'file', path: string, cause: unknown): never {
  const reason = codeOf(cause) === 'ENOENT' ? 'nothing' : messageOf(cause);
  throw new UsageError(`${where}: expected a ${kind}, got ${reason}: ${path}. Create it, or correct the path`, { cause });
}

async function assertReadable(where: string, file: string): Promise<void> {
  await access(file, constants.R_OK).catch((cause: unknown) => unreadable(where, file, cause));
}

function unreadable(where: string, path: string, cause: unknown): never {
  const reason = codeOf(cause) === 'EACCES' ? 'one without the permission' : messageOf(cause);
  throw new UsageError(
    `${where}: expected only files and folders that you may read, got ${reason}: ${path}. Change its permissions, or leave it out`,
    { cause },
  );
}

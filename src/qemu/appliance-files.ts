// SPDX-License-Identifier: GPL-3.0-or-later
import { access, constants, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { codeOf, messageOf } from '../core/errors.ts';
import { isJsonObject } from '../core/json-object.ts';
import { kindOf, replaceValues } from '../core/qemu-arguments.ts';
import type { ContainerFile, FileAccess, Mount } from '../docker/index.ts';
import { ApplianceFileError } from './errors.ts';
import { identify, type FileIdentity } from './file-identity.ts';

/**
 * A file of this machine that a key of the appliance names, besides its disk image. Every key that names a file adds it to this one
 * list. All files of the list are visible to QEMU, and their content is part of the key of a snapshot.
 */
export interface ApplianceFile {
  /** the key that names it, such as `kernel`, for messages */
  readonly key: string;
  /** absolute path as configured, which may be a link */
  readonly path: string;
  /** it first, then all other files that hold a part of it, as they were when they were inspected. All are real paths below its folder */
  readonly parts: readonly FileIdentity[];
}

/** A key of the appliance and the absolute path that it names. */
export type NamedPath = Pick<ApplianceFile, 'key' | 'path'>;

/**
 * Inspects files that consist of one part.
 * @throws ApplianceFileError that names the key, if one does not exist, is no file or cannot be read
 */
export async function inspectFiles(named: readonly NamedPath[]): Promise<readonly ApplianceFile[]> {
  return Promise.all(named.map(async ({ key, path }) => ({ key, path, parts: [await inspect(key, path)] })));
}

async function inspect(key: string, path: string): Promise<FileIdentity> {
  try {
    const real = await realpath(path);
    const found = await stat(real);
    if (!found.isFile())
      throw new ApplianceFileError(
        key,
        path,
        `expected a file, got ${found.isDirectory() ? 'a folder' : 'a device or a socket'}`,
      );
    await access(real, constants.R_OK);
    return await identify(real);
  } catch (cause) {
    if (cause instanceof ApplianceFileError) throw cause;
    const code = codeOf(cause);
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const problem = isMissing
      ? 'expected a file, got nothing at this path. Build or download it first, or correct the path'
      : `expected a file that this user may read, got: ${messageOf(cause)}`;
    throw new ApplianceFileError(key, path, problem, { cause });
  }
}

/** Where QEMU sees the folders of these files, unless paths are the same inside and outside. */
const filesFolder = '/alpy/files';

/** Folders of different files may be different, so each file has a folder of its own. */
function placeInside(index: number, { parts }: ApplianceFile, path: string): string {
  return join(filesFolder, String(index), relative(dirname(parts[0]?.path ?? path), path));
}

function partsInside(files: readonly ApplianceFile[]): readonly { readonly path: string; readonly inside: string }[] {
  return files.flatMap((file, index) => file.parts.map(({ path }) => ({ path, inside: placeInside(index, file, path) })));
}

/** The mounts with which a container sees the files. Pure. */
export function mountsOf(files: readonly ApplianceFile[]): readonly Mount[] {
  return partsInside(files).map(({ path, inside }) => ({ source: path, target: inside, readOnly: true }));
}

/** The copies of the files for a container that sees no files of this machine. Pure. */
export function copiesOf(files: readonly ApplianceFile[]): readonly ContainerFile[] {
  return partsInside(files).map(({ path, inside }) => ({ path: inside, content: { file: path } }));
}

/** Translates the configured path of a file into the one that QEMU sees. Paths that are not in the list stay as they are. */
export type FilePlaces = (path: string) => string;

/** Translates paths of these files. Pure. */
export function placesOf(files: readonly ApplianceFile[], access: FileAccess): FilePlaces {
  const places = new Map(
    files.map((file, index) => {
      const real = file.parts[0]?.path ?? file.path;
      return [file.path, access.kind === 'volumes-from' ? real : placeInside(index, file, real)];
    }),
  );
  return (path) => places.get(path) ?? path;
}

/** Names of these files for the key of a snapshot, which must not depend on the folders that they are in. Pure. */
export function keyPlacesOf(files: readonly ApplianceFile[]): FilePlaces {
  const places = new Map(files.map(({ path }, index) => [path, `file${index}`]));
  return (path) => places.get(path) ?? path;
}

/** Arguments of QEMU with translated paths. Pure. */
export function withPlaces(args: readonly string[], placeOf: FilePlaces): readonly string[] {
  return replaceValues(args, (argument) => (kindOf(argument) === 'text' ? argument.value : placeOf(argument.value)));
}

/** The same value with translated paths instead of the texts in it that are such a path. Pure. */
export function withPlacesIn(value: unknown, placeOf: FilePlaces): unknown {
  if (typeof value === 'string') return placeOf(value);
  if (Array.isArray(value)) return value.map((inner) => withPlacesIn(inner, placeOf));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withPlacesIn(inner, placeOf)]));
}

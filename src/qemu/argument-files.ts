// SPDX-License-Identifier: GPL-3.0-or-later
import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { isWithin } from '../core/file.ts';
import { argumentValues, isFileOption, kindOf, type ArgumentValue } from '../core/qemu-arguments.ts';
import type { FileAccess } from '../docker/index.ts';
import type { ApplianceFile } from './appliance-files.ts';
import { identify, type FileIdentity } from './file-identity.ts';
import { imageReferences } from './image-references.ts';
import { imageFolder } from './qemu-files.ts';

/** The files that additional arguments of QEMU refer to. */
export interface ArgumentFiles {
  /** files of this machine, including the backing files of overlays */
  readonly files: readonly FileIdentity[];
  /** those of them that QEMU sees neither in the folder of the image nor at the same path, and so must be shown to it */
  readonly named: readonly ApplianceFile[];
  /** whether the arguments also name paths inside QEMU's container image */
  readonly needsContainer: boolean;
  /** a name whose content cannot be compared, and why; absent if all can be compared */
  readonly unknown?: string | undefined;
}

/** Block drivers that read nothing but the files they name. */
const fileDrivers =
  /^(?:file|raw|qcow2?|vmdk|vdi|vhdx|vpc|parallels|dmg|bochs|cloop|luks|null-(?:co|aio)|blkdebug|throttle|copy-on-read)$/;
/** Names of network resources. */
const remoteNames = /^(?:[\w+-]+:\/\/|(?:nbd|rbd|iscsi|sheepdog):)/;
/** Devices whose content never matters. */
const emptyDevices = new Set(['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom']);
/** Folders of the container image; a path in one of them never names a file of this machine. */
const containerFolders = /^\/(?:usr|etc|lib\w*|s?bin|var)(?:\/|$)/;
const changingFolders = /^\/(?:dev|proc|sys|alpy\/(?:run|snapshot))(?:\/|$)/;
/** The longest chain of overlays to follow. */
const maxDepth = 20;

/**
 * Finds the files that additional arguments of QEMU name, as QEMU sees them. Files inside its container image are not listed.
 * @param image - path of the disk image, whose folder QEMU sees; absent for an appliance without an image
 */
export async function findArgumentFiles(
  args: readonly string[],
  image: string | undefined,
  access: FileAccess,
): Promise<ArgumentFiles> {
  const search = new Search(image === undefined ? noFolder : dirname(image), access);
  for (const value of argumentValues(args)) await search.take(value);
  return search;
}

/** Stands for the folder of the image if the appliance has no image: it contains nothing. */
const noFolder = '/nonexistent';

/** Goes through the arguments and collects files. */
class Search implements ArgumentFiles {
  readonly #folder: string;
  readonly #access: FileAccess;
  readonly #files = new Map<string, FileIdentity>();
  readonly #named = new Map<string, ApplianceFile>();
  needsContainer = false;
  unknown: string | undefined;

  constructor(folder: string, access: FileAccess) {
    this.#folder = folder;
    this.#access = access;
  }

  get files(): readonly FileIdentity[] {
    return [...this.#files.values()];
  }

  get named(): readonly ApplianceFile[] {
    return [...this.#named.values()];
  }

  async take({ option, key, value }: ArgumentValue): Promise<void> {
    const kind = kindOf({ option, key, value });
    if (kind === 'text') return;
    if (isFileOption(option) && /(?:^|\.)driver$/.test(key) && !fileDrivers.test(value)) this.#doubt(value, 'it is not a file');
    if (option === 'readconfig') this.#doubt(value, 'it may name more files');
    if (remoteNames.test(value)) this.#doubt(value, 'it is not a file of this machine');
    else if (kind === 'file' || value.includes('/')) await this.#takeName(value);
  }

  /** A name may start with a protocol, as in `fat:rw:/folder`, and may be a list. */
  async #takeName(name: string): Promise<void> {
    const whole = this.#placeOf(name);
    const isWhole = !name.includes(':') || (whole !== undefined && (await exists(whole)));
    const paths = isWhole ? [name] : name.split(':').filter((part) => part.includes('/'));
    if (paths.length === 0) this.needsContainer = true; // QEMU searches its own folders for a plain name
    if (isWhole && (await this.#isElsewhere(name))) await this.#takeElsewhere(name);
    else for (const path of paths) await this.#takePath(path, 0);
  }

  /** Whether this is the path of a file of this machine that QEMU sees only if it is shown. */
  async #isElsewhere(path: string): Promise<boolean> {
    if (!isAbsolute(path) || this.#access.kind === 'volumes-from') return false;
    const isOurs = !isWithin(imageFolder, path) && !changingFolders.test(path) && !containerFolders.test(path);
    return (
      isOurs &&
      (await stat(path).then(
        (stats) => stats.isFile(),
        () => false,
      ))
    );
  }

  async #takeElsewhere(path: string): Promise<void> {
    const parts: FileIdentity[] = [];
    const real = await realpath(path);
    const problem = await takeParts(real, dirname(real), parts, 0).catch(messageOf);
    if (problem !== undefined) this.#doubt(path, problem);
    for (const part of parts) this.#files.set(part.path, part);
    this.#named.set(path, { key: 'qemuArgs', path, parts });
  }

  async #takePath(name: string, depth: number): Promise<void> {
    const path = resolve('/', name);
    if (emptyDevices.has(path)) return;
    if (changingFolders.test(path)) {
      this.#doubt(name, 'its content may change at any time');
      return;
    }
    const place = this.#placeOf(path);
    if (place === undefined) this.needsContainer = true;
    else {
      const problem = await this.#takeFile(place, path, depth).catch(messageOf);
      if (problem !== undefined) this.#doubt(name, problem);
    }
  }

  /** Returns why the file cannot be compared, or undefined if it can. */
  async #takeFile(place: string, name: string, depth: number): Promise<string | undefined> {
    const stats = await stat(place).catch(() => undefined);
    if (!stats) {
      this.needsContainer ||= this.#access.kind === 'volumes-from'; // then the name may be one inside that container
      return this.#access.kind === 'volumes-from' ? undefined : `there is no ${place}`;
    }
    if (stats.isDirectory()) return 'it is a folder';
    if (!stats.isFile()) return 'it is neither a file nor a folder';
    const real = await realpath(place);
    if (this.#access.kind !== 'volumes-from' && !isWithin(await realpath(this.#folder), real))
      return `it is a link to ${real}, which QEMU cannot see`;
    if (this.#files.has(real)) return undefined;
    if (depth > maxDepth) return 'its chain of overlays is too long';
    this.#files.set(real, await identify(real));
    const { names, unknown } = await imageReferences(real);
    for (const reference of names) await this.#takeReference(reference, name, depth + 1);
    return unknown;
  }

  async #takeReference(name: string, from: string, depth: number): Promise<void> {
    if (/^[\w+-]+:/.test(name)) this.#doubt(name, `${from} needs it, and it is not a plain path`);
    else await this.#takePath(resolve(dirname(from), name), depth);
  }

  /** Translates a path that QEMU sees into one of this machine; undefined if it is inside the container image. */
  #placeOf(name: string): string | undefined {
    const path = resolve('/', name);
    if (this.#access.kind === 'volumes-from') return path;
    return isWithin(imageFolder, path) ? join(this.#folder, relative(imageFolder, path)) : undefined;
  }

  #doubt(name: string, reason: string): void {
    this.unknown ??= `appliance.qemuArgs names ${name}: ${reason}`;
  }
}

/**
 * Adds a file and everything that it needs to `parts`. Returns why not all of it can be compared, or undefined if it can.
 * @param folder - what QEMU sees
 */
async function takeParts(path: string, folder: string, parts: FileIdentity[], depth: number): Promise<string | undefined> {
  if (parts.some((part) => part.path === path)) return undefined;
  if (depth > maxDepth) return 'its chain of overlays is too long';
  parts.push(await identify(path));
  const { names, unknown } = await imageReferences(path);
  for (const name of names) {
    const real = await realpath(resolve(dirname(path), name)).catch(() => undefined);
    if (real === undefined || isAbsolute(name) || !isWithin(folder, real))
      return `it needs ${name}, which is not a file beside it`;
    const problem = await takeParts(real, folder, parts, depth + 1);
    if (problem !== undefined) return problem;
  }
  return unknown;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

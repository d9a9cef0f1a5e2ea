// SPDX-License-Identifier: GPL-3.0-or-later
import { realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { FileAccess } from '../docker/index.ts';
import { argumentValues, type ArgumentValue } from './argument-values.ts';
import { identify, type FileIdentity } from './file-identity.ts';
import { imageReferences } from './image-references.ts';
import { imageFolder } from './qemu-files.ts';

/** What further arguments of QEMU read. */
export interface ArgumentFiles {
  /** files of this machine, with those that they are overlays of */
  readonly files: readonly FileIdentity[];
  /** whether they also name paths in the image that QEMU runs from */
  readonly needsContainer: boolean;
  /** what they name that cannot be compared, and why; absent when all of it can */
  readonly unknown?: string | undefined;
}

/** Options whose value is no file that QEMU reads, whatever it looks like. */
const textOptions = new Set(['append', 'name', 'uuid', 'D', 'pidfile']);
/** Keys whose value is a text for the guest, in options that have one with a file, too. */
const textKeys: Readonly<Record<string, RegExp>> = { fw_cfg: /^(?:name|string)$/, smbios: /^(?!file$|path$)/ };
/** Options whose value is the name of a file. */
const fileOptions =
  /^(?:kernel|initrd|dtb|bios|pflash|cdrom|hd[abcd]|fd[ab]|sd|mtdblock|option-rom|readconfig|shim|drive|blockdev|acpitable|L)$/;
/** Keys whose value is the name of a file or folder, or says from where else QEMU reads. */
const fileKeys = /(?:^|\.)(?:file|filename|url|uri|romfile|mem-path|data|kernel|initrd|dtb|shim|splash|tftp|smb)$/;
/** Block drivers that read nothing but the files they name. */
const fileDrivers =
  /^(?:file|raw|qcow2?|vmdk|vdi|vhdx|vpc|parallels|dmg|bochs|cloop|luks|null-(?:co|aio)|blkdebug|throttle|copy-on-read)$/;
/** Names of what is reached over a network. */
const remoteNames = /^(?:[\w+-]+:\/\/|(?:nbd|rbd|iscsi|sheepdog):)/;
/** Devices of a container that have no content of their own. */
const emptyDevices = new Set(['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom']);
const changingFolders = /^\/(?:dev|proc|sys|alpy\/(?:run|snapshot))(?:\/|$)/;
/** Overlays of overlays: no more than this. */
const deepest = 20;

/**
 * Finds the files that further arguments of QEMU name, as QEMU sees them. What lies in its container's image is not listed.
 * @param image - path of the disk image, whose folder QEMU sees
 */
export async function findArgumentFiles(args: readonly string[], image: string, access: FileAccess): Promise<ArgumentFiles> {
  const search = new Search(dirname(image), access);
  for (const value of argumentValues(args)) await search.take(value);
  return search;
}

/** Collects what is found. */
class Search implements ArgumentFiles {
  readonly #folder: string;
  readonly #access: FileAccess;
  readonly #files = new Map<string, FileIdentity>();
  needsContainer = false;
  unknown: string | undefined;

  constructor(folder: string, access: FileAccess) {
    this.#folder = folder;
    this.#access = access;
  }

  get files(): readonly FileIdentity[] {
    return [...this.#files.values()];
  }

  async take({ option, key, value }: ArgumentValue): Promise<void> {
    if (textOptions.has(option) || textKeys[option]?.test(key) === true || value === '') return;
    const isDrive = option === 'drive' || option === 'blockdev';
    if (isDrive && /(?:^|\.)driver$/.test(key) && !fileDrivers.test(value)) this.#doubt(value, 'it is no file');
    const isFile = fileKeys.test(key) || (fileOptions.test(option) && key === '');
    if (option === 'readconfig') this.#doubt(value, 'it may name further files');
    if (remoteNames.test(value)) this.#doubt(value, 'it is no file of this machine');
    else if (isFile || value.includes('/')) await this.#takeName(value);
  }

  /** A name may have a protocol before it, as in `fat:rw:/folder`, and may be several. */
  async #takeName(name: string): Promise<void> {
    const whole = this.#placeOf(name);
    const isWhole = !name.includes(':') || (whole !== undefined && (await exists(whole)));
    const paths = isWhole ? [name] : name.split(':').filter((part) => part.includes('/'));
    if (paths.length === 0) this.needsContainer = true; // a name without a folder is looked for there
    for (const path of paths) await this.#takePath(path, 0);
  }

  async #takePath(seen: string, depth: number): Promise<void> {
    const path = resolve('/', seen);
    if (emptyDevices.has(path)) return;
    if (changingFolders.test(path)) {
      this.#doubt(seen, 'its content may change at any time');
      return;
    }
    const place = this.#placeOf(path);
    if (place === undefined) this.needsContainer = true;
    else {
      const problem = await this.#takeFile(place, path, depth).catch(messageOf);
      if (problem !== undefined) this.#doubt(seen, problem);
    }
  }

  /** @returns why it cannot be compared */
  async #takeFile(place: string, seen: string, depth: number): Promise<string | undefined> {
    const stats = await stat(place).catch(() => undefined);
    if (!stats) {
      this.needsContainer ||= this.#access.kind === 'volumes-from'; // which has files where we have none
      return this.#access.kind === 'volumes-from' ? undefined : `there is no ${place}`;
    }
    if (stats.isDirectory()) return 'it is a folder';
    if (!stats.isFile()) return 'it is neither a file nor a folder';
    const real = await realpath(place);
    if (this.#access.kind !== 'volumes-from' && relative(await realpath(this.#folder), real).startsWith('..'))
      return `it is a link to ${real}, which QEMU does not see`;
    if (this.#files.has(real)) return undefined;
    if (depth > deepest) return 'it is an overlay of too many others';
    this.#files.set(real, await identify(real));
    const { names, unknown } = await imageReferences(real);
    for (const name of names) await this.#takeReference(name, seen, depth + 1);
    return unknown;
  }

  async #takeReference(name: string, from: string, depth: number): Promise<void> {
    if (/^[\w+-]+:/.test(name)) this.#doubt(name, `${from} needs it, and it is no plain path`);
    else await this.#takePath(resolve(dirname(from), name), depth);
  }

  /** Where QEMU finds a path on this machine; nothing when it is in its container's image. */
  #placeOf(seen: string): string | undefined {
    const path = resolve('/', seen);
    if (this.#access.kind === 'volumes-from') return path;
    return path === imageFolder || path.startsWith(`${imageFolder}/`)
      ? join(this.#folder, relative(imageFolder, path))
      : undefined;
  }

  #doubt(name: string, reason: string): void {
    this.unknown ??= `appliance.qemuArgs names ${name}: ${reason}`;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

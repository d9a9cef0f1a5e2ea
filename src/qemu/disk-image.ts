// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:fs';
import { access, readlink, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { codeOf, messageOf } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import { shellWord } from '../core/text.ts';
import { hasBootSector } from './unpack/content-kind.ts';
import { DiskImageError } from './errors.ts';
import { identify, type FileIdentity } from './file-identity.ts';

/** Formats of disk images that QEMU reads. */
export type DiskFormat = 'qcow2' | 'raw' | 'vmdk' | 'vdi' | 'vhdx' | 'vpc';

/** What `qemu-img` reports about an image. */
export interface DiskReport {
  /** output of `qemu-img info --backing-chain --output=json` */
  readonly info: string;
  /** output of `qemu-img check --output=json`; empty if the format has no such check */
  readonly check: string;
  /** error output of both */
  readonly errors: string;
  readonly qemuVersion: string;
  /** hash of QEMU's firmware and ROMs */
  readonly firmware: string;
}

/** A usable disk image. */
export interface DiskImage {
  /** absolute path */
  readonly path: string;
  readonly format: DiskFormat;
  /** size of the disk that the guest sees, in `bytes` */
  readonly virtualBytes: number;
  /** the image, its backing files, and all other files that hold a part of it, as they were when they were inspected */
  readonly files: readonly FileIdentity[];
  /** version of the QEMU that inspected it, such as `10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)` */
  readonly qemuVersion: string;
  /** hash of the firmware and ROMs of that QEMU */
  readonly firmware: string;
}

const sectorBytes = 512;

/**
 * Checks that the file exists and can be read, before any container is started for it.
 * @param key - the key of the configuration that names it
 * @throws {@link DiskImageError} if not
 */
export async function findDiskFile(path: string, key = 'appliance.image'): Promise<void> {
  try {
    const { isFile, size } = await stat(path).then((stats) => ({ isFile: stats.isFile(), size: stats.size }));
    if (!isFile) throw new DiskImageError(path, 'it is not a file');
    if (size === 0) throw new DiskImageError(path, 'the file is empty: did its build or download fail?');
    await access(path, constants.R_OK);
  } catch (error) {
    if (error instanceof DiskImageError) throw error;
    const reason =
      codeOf(error) === 'ENOENT'
        ? `${await linkText(path)}there is no such file. Build it first, or correct ${key}`
        : codeOf(error) === 'EACCES'
          ? 'this user may not read it'
          : messageOf(error);
    throw new DiskImageError(path, reason, { cause: error });
  }
}

async function linkText(path: string): Promise<string> {
  const target = await readlink(path).catch(() => undefined);
  return target === undefined ? '' : `it is a link to ${target}, but `;
}

/**
 * Evaluates what qemu-img reports.
 * @param expected - the format in the configuration
 * @throws {@link DiskImageError} if the image has another format, is damaged or truncated, or is not a disk image
 */
export async function judgeDisk(path: string, expected: DiskFormat | 'auto', report: DiskReport): Promise<DiskImage> {
  const chain = objectsIn(parse(report.info));
  const info = chain[0];
  const format = info?.['format'];
  if (typeof format !== 'string')
    throw new DiskImageError(path, `QEMU cannot read it: ${report.errors.trim() || 'no reason given'}`);
  if (!isFormat(format))
    throw new DiskImageError(
      path,
      `its format is ${format}, but only qcow2, raw, vmdk, vdi, vhdx and vhd are supported. ${convertIt(path, format)}`,
    );
  if (expected !== 'auto' && expected !== format && expected !== 'raw') {
    throw new DiskImageError(path, `appliance.format says ${expected}, but the file is ${format}`);
  }
  if (format === 'raw' && expected !== 'raw') await assertHasBootSector(path);
  const { size } = await stat(path);
  const check = parseObject(report.check);
  const end = check?.['image-end-offset'];
  const clusterBytes = info?.['cluster-size'];
  // this is the end of the last cluster; the file may be shorter if that cluster is compressed
  if (typeof end === 'number' && end - size >= (typeof clusterBytes === 'number' ? clusterBytes : 1)) {
    throw new DiskImageError(path, `it is truncated: ${size} bytes of ${end}. Was its copy or download cut short?`);
  }
  const corruptions = check?.['corruptions'];
  if (typeof corruptions === 'number' && corruptions > 0) {
    throw new DiskImageError(
      path,
      `it is truncated or damaged: qemu-img check finds ${corruptions} corruptions. Build or download it again`,
    );
  }
  if (report.check !== '' && check === undefined) throw new DiskImageError(path, `QEMU cannot check it: ${report.errors.trim()}`);
  const virtualBytes = info?.['virtual-size'];
  return {
    path,
    format: expected === 'raw' ? 'raw' : format,
    // an image that the configuration calls raw may look like another format, of another size
    virtualBytes:
      expected !== 'raw' && typeof virtualBytes === 'number' ? virtualBytes : Math.ceil(size / sectorBytes) * sectorBytes,
    files: await identifyAll(path, expected === 'raw' ? [path] : filesOf(path, chain)),
    qemuVersion: report.qemuVersion,
    firmware: report.firmware,
  };
}

/** For qemu-img any file is a raw disk. Without a boot sector no machine can boot it. */
async function assertHasBootSector(path: string): Promise<void> {
  if (await hasBootSector(path)) return;
  throw new DiskImageError(
    path,
    'it is not a disk image: QEMU does not know its format, and it has no boot sector. If it is a raw disk, set appliance.format to raw',
  );
}

async function identifyAll(path: string, files: readonly string[]): Promise<readonly FileIdentity[]> {
  return await Promise.all(
    files.map((file) =>
      identify(file).catch((cause: unknown) => {
        throw new DiskImageError(path, `it needs ${file}, which cannot be read: ${messageOf(cause)}`, { cause });
      }),
    ),
  );
}

/** The image comes first. All are below its folder, or QEMU could not have opened them. */
function filesOf(path: string, chain: readonly JsonObject[]): readonly string[] {
  const filename = chain[0]?.['filename'];
  const folder = dirname(typeof filename === 'string' ? filename : path); // as QEMU sees it
  const names = chain.slice(1).flatMap(({ filename: name }) => (typeof name === 'string' ? [name] : []));
  const parts = [...names, ...chain.flatMap(partsOf)];
  const plain = parts.map((name) => {
    if (/^[\w+-]+:/.test(name)) throw new DiskImageError(path, `it needs ${name}, which is not a plain file. ${convertIt(path)}`);
    return join(dirname(path), relative(folder, resolve(folder, name)));
  });
  return [...new Set([path, ...plain])];
}

/** Names of other files that hold a part of an image: its data, or the extents of a VMDK. */
function partsOf({ filename, children, 'format-specific': specific }: JsonObject): readonly string[] {
  const inner = objectsIn(children).flatMap(({ info }) => (isJsonObject(info) ? info['filename'] : []));
  const data = isJsonObject(specific) ? specific['data'] : undefined;
  const dataFile = isJsonObject(data) ? data['data-file'] : undefined;
  const folder = dirname(typeof filename === 'string' ? filename : '');
  return [
    ...inner.filter((name) => typeof name === 'string'),
    ...(typeof dataFile === 'string' ? [resolve(folder, dataFile)] : []),
  ];
}

function convertIt(path: string, format?: string): string {
  const from = format === undefined ? '' : `-f ${format} `;
  return `Convert it: qemu-img convert ${from}-O qcow2 ${shellWord(path)} ${shellWord(`${path}.qcow2`)}`;
}

function objectsIn(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function isFormat(format: string): format is DiskFormat {
  return ['qcow2', 'raw', 'vmdk', 'vdi', 'vhdx', 'vpc'].includes(format);
}

function parseObject(json: string): JsonObject | undefined {
  const value = parse(json);
  return isJsonObject(value) ? value : undefined;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { codeOf } from '../core/errors.ts';
import type { FileRecord, SnapshotRecord } from './record.ts';

/** Name of the file that keeps which files were seen to be whole, and their stamps then. */
const verifiedFile = 'verified.json';

/** Size and SHA-256 of a file. */
export async function measureFile(path: string): Promise<FileRecord> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  const { size } = await stat(path);
  return { bytes: size, sha256: hash.digest('hex') };
}

/**
 * Compares the files of a snapshot with its record: by content, but only by their stamps when nobody can have written them
 * since their content was last compared.
 * @returns what is wrong, `undefined` when nothing is
 */
export async function findDamage(directory: string, record: SnapshotRecord): Promise<string | undefined> {
  const known = await readVerified(directory);
  const stamps: Record<string, string> = {};
  for (const [name, { bytes, sha256 }] of Object.entries(record.files)) {
    const path = join(directory, name);
    const found = await stampOf(path);
    if (found === undefined) return `${name} is missing`;
    if (found.bytes !== bytes) return `${name} has ${String(found.bytes)} bytes, not ${String(bytes)}: it is truncated`;
    if (known[name] !== found.stamp && (await measureFile(path)).sha256 !== sha256)
      return `the content of ${name} is not what was saved`;
    stamps[name] = found.stamp;
  }
  const isNew = Object.entries(stamps).some(([name, stamp]) => known[name] !== stamp);
  if (isNew) await rememberVerified(directory, stamps);
  return undefined;
}

/** Remembers that all files are whole as they are. */
export async function rememberWhole(directory: string, record: SnapshotRecord): Promise<void> {
  const stamps: Record<string, string> = {};
  for (const name of Object.keys(record.files)) stamps[name] = (await stampOf(join(directory, name)))?.stamp ?? '';
  await rememberVerified(directory, stamps);
}

/** A store that cannot be written to is one whose snapshots are compared each time. */
async function rememberVerified(directory: string, stamps: Readonly<Record<string, string>>): Promise<void> {
  await writeFile(join(directory, verifiedFile), JSON.stringify(stamps)).catch(() => undefined);
}

async function readVerified(directory: string): Promise<Readonly<Record<string, string | undefined>>> {
  try {
    return JSON.parse(await readFile(join(directory, verifiedFile), 'utf8')) as Readonly<Record<string, string>>;
  } catch {
    return {}; // none yet, or half of one
  }
}

/** The boot of the machine is in it: what a power failure took from the disk is not known from any time of the file. */
async function stampOf(path: string): Promise<{ readonly bytes: number; readonly stamp: string } | undefined> {
  try {
    const { size, dev, ino, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
    return { bytes: Number(size), stamp: [boot, dev, ino, mtimeNs, ctimeNs].join(' ') };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

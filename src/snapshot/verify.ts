// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../core/errors.ts';
import { bootId } from '../core/identity.ts';
import { sha256Of, stampOf, type FileStamp } from '../core/file.ts';
import { openPlain, replaceFile } from '../core/plain-file.ts';
import type { FileRecord, SnapshotRecord } from './record.ts';

/** Name of the file with the stamps of the files whose content has been checked. */
const verifiedFile = 'verified.json';

/** Returns size and SHA-256 of a file that QEMU has written. @throws EnvironmentError when it is not a regular file */
export async function measureFile(path: string): Promise<FileRecord> {
  await (await openPlain(path, 'r')).close();
  const sha256 = await sha256Of(path);
  return { bytes: (await stampOf(path)).bytes, sha256 };
}

/**
 * Compares the files of a snapshot with its record: by content, or only by stamps if the files cannot have changed since the last
 * comparison.
 * @returns what is wrong; `undefined` if nothing is
 */
export async function findDamage(directory: string, record: SnapshotRecord): Promise<string | undefined> {
  const known = await readVerified(directory);
  const stamps: Record<string, string> = {};
  for (const [name, { bytes, sha256 }] of Object.entries(record.files)) {
    const path = join(directory, name);
    const found = await findStamp(path);
    if (found === undefined) return `${name} is missing`;
    if (found.bytes !== bytes) return `${name} has ${found.bytes} bytes, not ${bytes}: it is truncated`;
    if (known[name] !== found.stamp && (await sha256Of(path)) !== sha256) return `the content of ${name} is not what was saved`;
    stamps[name] = found.stamp;
  }
  const isNew = Object.entries(stamps).some(([name, stamp]) => known[name] !== stamp);
  if (isNew) await rememberVerified(directory, stamps);
  return undefined;
}

/** Stores that all files are undamaged. */
export async function rememberWhole(directory: string, record: SnapshotRecord): Promise<void> {
  const stamps: Record<string, string> = {};
  for (const name of Object.keys(record.files)) stamps[name] = (await findStamp(join(directory, name)))?.stamp ?? '';
  await rememberVerified(directory, stamps);
}

/** In a read-only store, snapshots are compared by content each time. */
async function rememberVerified(directory: string, stamps: Readonly<Record<string, string>>): Promise<void> {
  await replaceFile(join(directory, verifiedFile), JSON.stringify(stamps)).catch(() => undefined);
}

async function readVerified(directory: string): Promise<Readonly<Record<string, string | undefined>>> {
  try {
    return JSON.parse(await readFile(join(directory, verifiedFile), 'utf8')) as Readonly<Record<string, string>>;
  } catch {
    return {}; // missing or incomplete
  }
}

async function findStamp(path: string): Promise<FileStamp | undefined> {
  try {
    const { bytes, stamp } = await stampOf(path);
    return { bytes, stamp: `${bootId()} ${stamp}` }; // a power failure can lose data that the file's times do not show
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../core/errors.ts';
import { bootId } from '../core/identity.ts';
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import { sha256Of, stampOf, type FileStamp } from '../core/file.ts';
import { openPlain, readPlain, replaceFile } from '../core/plain-file.ts';
import { maxRecordBytes, type FileRecord, type SnapshotRecord } from './record.ts';

/** Name of the file with the stamps of the files whose content has been checked. */
const verifiedFile = 'verified.json';

/** Returns size and SHA-256 of a file that QEMU has written. @throws EnvironmentError when it is not a regular file */
export async function measureFile(path: string): Promise<FileRecord> {
  await using file = await openPlain(path, 'r');
  const sha256 = await sha256Of(file);
  return { bytes: (await stampOf(file)).bytes, sha256 };
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
    await using file = await openIfThere(join(directory, name));
    if (file === undefined) return `${name} is missing`;
    const found = await stampNow(file);
    if (found.bytes !== bytes) return `${name} has ${found.bytes} bytes, not ${bytes}: it is truncated`;
    if (known[name] !== found.stamp && (await sha256Of(file)) !== sha256) return `the content of ${name} is not what was saved`;
    stamps[name] = found.stamp;
  }
  const isNew = Object.entries(stamps).some(([name, stamp]) => known[name] !== stamp);
  if (isNew) await rememberVerified(directory, stamps);
  return undefined;
}

/** Stores that all files are undamaged. */
export async function rememberWhole(directory: string, record: SnapshotRecord): Promise<void> {
  const stamps: Record<string, string> = {};
  for (const name of Object.keys(record.files)) {
    await using file = await openIfThere(join(directory, name));
    stamps[name] = file === undefined ? '' : (await stampNow(file)).stamp;
  }
  await rememberVerified(directory, stamps);
}

/** In a read-only store, snapshots are compared by content each time. */
async function rememberVerified(directory: string, stamps: Readonly<Record<string, string>>): Promise<void> {
  await replaceFile(join(directory, verifiedFile), JSON.stringify(stamps)).catch(() => undefined);
}

async function readVerified(directory: string): Promise<JsonObject> {
  try {
    const stamps: unknown = JSON.parse(await readPlain(join(directory, verifiedFile), maxRecordBytes));
    return isJsonObject(stamps) ? stamps : {};
  } catch {
    return {}; // missing or incomplete
  }
}

async function stampNow(file: FileHandle): Promise<FileStamp> {
  const { bytes, stamp } = await stampOf(file);
  return { bytes, stamp: `${bootId()} ${stamp}` }; // a power failure can lose data that the file's times do not show
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  return openPlain(path, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { chmod, mkdir, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf } from '../core/errors.ts';
import { ownedName, removeOrphans } from '../core/owner.ts';
import { readPlain, replaceFile } from '../core/plain-file.ts';
import { log } from '../core/step.ts';
import { SnapshotError } from './errors.ts';
import { snapshotKey } from './key.ts';
import { maxRecordBytes, parseRecord, recordFile, type SnapshotRecord } from './record.ts';
import { findDamage, measureFile, rememberWhole } from './verify.ts';

/** A snapshot in a store. */
export interface Snapshot {
  readonly record: SnapshotRecord;
  /** absolute path of the folder with its files; its siblings are other snapshots */
  readonly directory: string;
}

/** A snapshot as `alpy snapshot list` shows it. */
export interface SnapshotListing extends Snapshot {
  /** how much disk space it takes, in `bytes` */
  readonly diskBytes: number;
  /** when it was last used, in `ms` since 1970 */
  readonly usedMs: number;
}

/** A snapshot that was removed. */
export interface RemovedSnapshot {
  readonly key: string;
  /** absent for one whose record is of another format, or damaged: this version of alpy cannot use it */
  readonly record: SnapshotRecord | undefined;
}

/** A folder of the store, whether or not its record can be read. */
interface StoredFolder extends RemovedSnapshot {
  readonly directory: string;
  readonly diskBytes: number;
  readonly usedMs: number;
}

/** Begins the names of unfinished snapshots in the store, which are those of `ownedName`. */
export const draftPrefix = '.draft-';
/** How long after its last use a snapshot is not removed to make room, in `ms`: a guest may be starting from it. */
const graceMs = 120_000;

/**
 * A folder of snapshots. Each is a subfolder of `saved`, named by its key; drafts are beside `saved`. Any number of processes may
 * use it at once: a snapshot appears atomically and is never written afterwards, and processes that have its files open can use
 * them after its removal.
 */
export class SnapshotStore {
  readonly directory: string;
  /** absolute path of the folder whose subfolders are the snapshots */
  readonly savedDirectory: string;
  /** how much disk space it may take */
  readonly maxBytes: number;

  /**
   * @param directory - absolute path; created when something is saved
   * @param maxBytes - how much disk space it may take
   */
  constructor(directory: string, maxBytes: number) {
    this.directory = directory;
    this.savedDirectory = join(directory, 'saved');
    this.maxBytes = maxBytes;
  }

  /** Returns the absolute path of the folder for the files of a snapshot, whether or not it exists. */
  directoryOf(key: string): string {
    return join(this.savedDirectory, key);
  }

  /**
   * Finds a snapshot and checks its files. A damaged one is removed, and the log says what was wrong.
   * @throws SnapshotError when the store cannot be read
   */
  async find(key: string): Promise<Snapshot | undefined> {
    return this.#guarded(`look for ${key}`, async () => {
      const directory = this.directoryOf(key);
      const text = await readPlain(join(directory, recordFile), maxRecordBytes).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      });
      if (text === undefined) return undefined;
      const record = parseRecord(text);
      const damage =
        record?.key === key ? await findDamage(directory, record) : `${recordFile} is not the record of this snapshot`;
      if (record && damage === undefined) {
        const now = new Date();
        await utimes(join(directory, recordFile), now, now).catch(() => undefined); // a store may be read-only
        return { record, directory };
      }
      log('alpy.snapshot', `snapshot ${key} is damaged and not used: ${String(damage)}`);
      await this.#remove(key);
      return undefined;
    });
  }

  /**
   * Creates a folder for the files of a new snapshot, and makes room for them.
   * @param bytes - their maximum size
   * @throws SnapshotError when the store is too small or the disk too full, or the folder cannot be created
   */
  async begin(bytes: number): Promise<string> {
    return this.#guarded('begin a snapshot', async () => {
      await mkdir(this.directory, { recursive: true, mode: 0o700 }); // also keeps other users out of `saved`
      const made = await mkdir(this.savedDirectory, { recursive: true });
      if (made !== undefined) await chmod(made, 0o755); // containers that mount it run as another user
      this.removeDeadDrafts();
      if (bytes > this.maxBytes)
        throw new SnapshotError(
          `a snapshot may take ${mebibytes(bytes)}, but the store ${this.directory} only ${mebibytes(this.maxBytes)}: raise snapshots.maxMiB`,
        );
      await this.prune({ maxBytes: this.maxBytes - bytes });
      const { bavail, bsize } = await statfs(this.directory);
      if (bavail * bsize < bytes)
        throw new SnapshotError(
          `a snapshot may take ${mebibytes(bytes)}, but the disk of ${this.directory} has only ${mebibytes(bavail * bsize)} left: free some, or move the store (snapshots.directory)`,
        );
      const draft = join(this.directory, ownedName(draftPrefix));
      await mkdir(draft, { mode: 0o755 }); // QEMU runs as another user
      return draft;
    });
  }

  /**
   * Turns a draft into a snapshot. If another process was faster, drops the draft and returns the other snapshot.
   * @param draft - from {@link SnapshotStore.begin}; its files are complete and closed
   * @param files - names of its files
   * @throws SnapshotError when it cannot be saved
   */
  async commit(draft: string, record: Omit<SnapshotRecord, 'files'>, files: readonly string[]): Promise<Snapshot> {
    return this.#guarded(`save ${record.key}`, async () => {
      const measured = await Promise.all(files.map(async (name) => [name, await measureFile(join(draft, name))] as const));
      const whole: SnapshotRecord = { ...record, files: Object.fromEntries(measured) };
      await replaceFile(join(draft, recordFile), `${JSON.stringify(whole, null, 2)}\n`);
      await rememberWhole(draft, whole);
      return this.#publish(draft, whole);
    });
  }

  /**
   * Turns a draft with files from elsewhere into a snapshot, if the files match their record.
   * @param draft - from {@link SnapshotStore.begin}, with all files of a snapshot
   * @throws SnapshotError when they do not, or it cannot be saved
   */
  async adopt(draft: string): Promise<Snapshot> {
    return this.#guarded('take a snapshot', async () => {
      const text = await readPlain(join(draft, recordFile), maxRecordBytes).catch(() => '');
      const record = parseRecord(text);
      if (record?.key !== snapshotKey(record?.inputs ?? {}))
        throw new SnapshotError(`it holds no ${recordFile} of this version of alpy: was it made by alpy snapshot save?`);
      const damage = await findDamage(draft, record);
      if (damage !== undefined) throw new SnapshotError(`snapshot ${record.key} is damaged: ${damage}`);
      return this.#publish(draft, record);
    });
  }

  async #publish(draft: string, record: SnapshotRecord): Promise<Snapshot> {
    const directory = this.directoryOf(record.key);
    try {
      await rename(draft, directory);
      return { record, directory };
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
    }
    await rm(draft, { recursive: true, force: true });
    const theirs = await this.find(record.key);
    if (!theirs)
      throw new SnapshotError(
        `snapshot ${record.key} was saved by two processes at once, and the other one's has already been removed`,
      );
    log('alpy.snapshot', `another run has saved snapshot ${record.key} meanwhile; that one is used`);
    return theirs;
  }

  /** Removes drafts of processes that died. @returns the paths of what was removed */
  removeDeadDrafts(): readonly string[] {
    return removeOrphans(this.directory, draftPrefix, { isOurFolder: true });
  }

  /** Removes a draft, if it has not become a snapshot. */
  async discard(draft: string): Promise<void> {
    await rm(draft, { recursive: true, force: true });
  }

  /**
   * Lists all snapshots, the last used one first, without checking their files.
   * @throws SnapshotError when the store cannot be read
   */
  async list(): Promise<readonly SnapshotListing[]> {
    const listings = (await this.#folders()).flatMap(({ record, directory, diskBytes, usedMs }) =>
      record ? [{ record, directory, diskBytes, usedMs }] : [],
    );
    return listings.sort((a, b) => b.usedMs - a.usedMs);
  }

  /**
   * Removes snapshots until the rest takes no more than `maxBytes`: first those that this version of alpy cannot use, then the
   * least recently used ones.
   * @param limits - `unusedMs`: also removes those not used for so long; `isForced`: also those that were used just now
   * @returns what was removed
   * @throws SnapshotError when one cannot be removed
   */
  async prune(limits: {
    readonly maxBytes: number;
    readonly unusedMs?: number;
    readonly isForced?: boolean;
  }): Promise<readonly RemovedSnapshot[]> {
    const all = (await this.#folders()).sort((a, b) => Number(!!a.record) - Number(!!b.record) || a.usedMs - b.usedMs);
    let bytes = all.reduce((sum, { diskBytes }) => sum + diskBytes, 0);
    const removed: RemovedSnapshot[] = [];
    for (const { key, record, diskBytes, usedMs } of all) {
      const unusedMs = Date.now() - usedMs;
      if (bytes <= limits.maxBytes && unusedMs < (limits.unusedMs ?? Infinity)) continue;
      if (unusedMs < graceMs && limits.isForced !== true) continue;
      await this.#guarded(`remove ${key}`, () => this.#remove(key));
      bytes -= diskBytes;
      removed.push({ key, record });
    }
    return removed;
  }

  async #folders(): Promise<StoredFolder[]> {
    return this.#guarded('list the snapshots', async () => {
      const names = await readdir(this.savedDirectory).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      });
      const found = await Promise.all(names.map((name) => this.#folder(name)));
      return found.filter((folder) => folder !== undefined);
    });
  }

  async #folder(key: string): Promise<StoredFolder | undefined> {
    const directory = this.directoryOf(key);
    try {
      const files = await readdir(directory);
      const { mtimeMs: usedMs } = await stat(files.includes(recordFile) ? join(directory, recordFile) : directory);
      const found = parseRecord(await readPlain(join(directory, recordFile), maxRecordBytes).catch(() => ''));
      const record = found?.key === key ? found : undefined;
      const counted = files.filter((file) => !record || Object.hasOwn(record.files, file));
      const stats = await Promise.all(counted.map((file) => stat(join(directory, file))));
      return { key, record, directory, usedMs, diskBytes: stats.reduce((sum, { blocks }) => sum + blocks * 512, 0) };
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined; // just removed, or not a snapshot
      throw error;
    }
  }

  /** Renames the folder first, so that a partly removed snapshot never has a valid name. */
  async #remove(key: string): Promise<void> {
    const trash = join(this.directory, ownedName(draftPrefix));
    try {
      await rename(this.directoryOf(key), trash);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return; // another process was faster
      throw error;
    }
    await rm(trash, { recursive: true, force: true });
  }

  async #guarded<T>(what: string, body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (cause) {
      if (cause instanceof SnapshotError) throw cause;
      throw new SnapshotError(`cannot ${what} in ${this.directory}: ${messageOf(cause)}`, { cause });
    }
  }
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}

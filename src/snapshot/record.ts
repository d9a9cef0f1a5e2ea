// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject } from '../core/json-object.ts';

/** Name of the file that describes a snapshot, beside its other files. */
export const recordFile = 'snapshot.json';

/**
 * Version of the format of {@link SnapshotRecord} and of the files beside it; part of every key. Format 1 called `inputs`
 * `madeFrom`.
 */
export const snapshotFormat = 2;

/** Most bytes to read of a record. */
export const maxRecordBytes = 1024 ** 2;

/** Names of a snapshot's files: none leads out of its folder. */
export const fileName = /^[A-Za-z0-9][\w.-]*$/;

/** A file of a snapshot, as it was saved. */
export interface FileRecord {
  readonly bytes: number;
  readonly sha256: string;
}

/** Describes a snapshot. */
export interface SnapshotRecord {
  readonly format: typeof snapshotFormat;
  /** hash of `inputs`, and the name of its folder */
  readonly key: string;
  /** name of the appliance */
  readonly appliance: string;
  /** ISO 8601 */
  readonly createdAt: string;
  /** version of the QEMU that saved it; no other may restore it */
  readonly qemuVersion: string;
  /** virtual clock of the guest when it was saved, in `ms` since QEMU started */
  readonly virtualMs: number;
  /** by name: everything that the snapshot depends on */
  readonly inputs: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, FileRecord>>;
  /** by node: the leases that its DHCP server gave the guest while it booted; absent if no node has a DHCP server */
  readonly leases?: Readonly<Record<string, readonly LeaseRecord[]>>;
}

/** A lease that the guest of a snapshot has. */
export interface LeaseRecord {
  readonly address: string;
  readonly mac?: string | undefined;
  readonly name?: string | undefined;
}

/** Reads a record. Returns `undefined` for other text, and for a record of another format. */
export function parseRecord(text: string): SnapshotRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is SnapshotRecord {
  if (!isJsonObject(value)) return false;
  const { format, key, appliance, createdAt, qemuVersion, virtualMs, inputs, files, leases } = value;
  return (
    format === snapshotFormat &&
    [key, appliance, createdAt, qemuVersion].every((text) => typeof text === 'string') &&
    Number.isFinite(virtualMs) &&
    isJsonObject(inputs) &&
    Object.values(inputs).every((text) => typeof text === 'string') &&
    isJsonObject(files) &&
    Object.keys(files).every((name) => fileName.test(name)) &&
    Object.values(files).every(
      (file) => isJsonObject(file) && Number.isInteger(file['bytes']) && typeof file['sha256'] === 'string',
    ) &&
    (leases === undefined || areLeases(leases))
  );
}

function areLeases(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    Object.values(value).every((ofNode) => Array.isArray(ofNode) && ofNode.every((lease) => isLease(lease)))
  );
}

function isLease(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { address, mac, name } = value;
  return typeof address === 'string' && [mac, name].every((text) => text === undefined || typeof text === 'string');
}

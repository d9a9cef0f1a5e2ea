// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { snapshotFormat } from './record.ts';

/**
 * The key of a snapshot: a hash of everything that it depends on. Pure.
 * @param inputs - by name; the order does not matter
 * @returns 32 hexadecimal digits
 */
export function snapshotKey(inputs: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([snapshotFormat, sorted]))
    .digest('hex')
    .slice(0, 32);
}

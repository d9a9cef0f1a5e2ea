// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import type { ContextFile } from './context.ts';
import type { ManifestEntry } from './manifest.ts';

/** Label with the {@link contentHash} of an image. */
export const hashLabel = 'io.alpy.hash';

/**
 * Hashes everything that an image is built from: names, contents and executable bits of its files, the base image and its entry
 * in the list. Times and owners are ignored, so that every clone gets the same hash.
 */
export function contentHash(
  files: readonly ContextFile[],
  baseId: string,
  entry: Pick<ManifestEntry, 'folder' | 'purpose'>,
): string {
  const hash = createHash('sha256');
  for (const { name, mode, content } of files) hash.update(JSON.stringify([name, mode, content.length])).update(content);
  hash.update(JSON.stringify([baseId, entry.folder, entry.purpose]));
  return hash.digest('hex');
}

/** Hashes any JSON value. */
export function valueHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

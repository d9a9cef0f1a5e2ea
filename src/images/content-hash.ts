// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import type { ContextFile } from './context.ts';
import type { ManifestEntry } from './manifest.ts';

/** Label that holds the {@link contentHash} of what an image was built from. */
export const hashLabel = 'io.alpy.hash';

/**
 * Identifies what an image is built from: names, contents and executable bits of its files, the base image, the entry of
 * the list. Times and owners do not count, so a fresh clone finds what another one built.
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

/** Identifies anything that JSON can say. */
export function valueHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

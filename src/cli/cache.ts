// SPDX-License-Identifier: GPL-3.0-or-later
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where alpy keeps what it found out (XDG Base Directory Specification). */
export function cacheDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const base = env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'alpy');
}

/** Where snapshots are kept: where the configuration says, else beside what else is cached. */
export function snapshotDirectory(
  { env }: { readonly env: Readonly<Record<string, string | undefined>> },
  configured: string | undefined,
): string {
  return configured ?? join(cacheDirectory(env), 'snapshots');
}

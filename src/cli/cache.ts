// SPDX-License-Identifier: GPL-3.0-or-later
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Variables } from '../core/variables.ts';

/** Where alpy keeps what it found out (XDG Base Directory Specification). */
export function cacheDirectory(env: Variables): string {
  const base = env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'alpy');
}

/** Where the verdict on KVM is kept. */
export function accelCacheFile(env: Variables): string {
  return join(cacheDirectory(env), 'kvm.json');
}

/** Where snapshots are kept: where the configuration says, else beside what else is cached. */
export function snapshotDirectory(env: Variables, configured: string | undefined): string {
  return configured ?? join(cacheDirectory(env), 'snapshots');
}

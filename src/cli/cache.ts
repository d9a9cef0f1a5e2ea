// SPDX-License-Identifier: GPL-3.0-or-later
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Variables } from '../core/variables.ts';
import type { UnpackedImages } from '../qemu/index.ts';
import type { CliIo } from './io.ts';

/** Folder for alpy's caches, by the XDG Base Directory Specification. */
export function cacheDirectory(env: Variables): string {
  const base = env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'alpy');
}

/** File that remembers whether KVM works. */
export function accelCacheFile(env: Variables): string {
  return join(cacheDirectory(env), 'kvm.json');
}

/** File that caches what was found out about disk images. */
export function diskCacheFile(env: Variables): string {
  return join(cacheDirectory(env), 'disks.json');
}

/** File that remembers how long guests take to boot. */
export function bootCacheFile(env: Variables): string {
  return join(cacheDirectory(env), 'boots.json');
}

/** Folder for snapshots: the configured one, or one in alpy's cache. */
export function snapshotDirectory(env: Variables, configured: string | undefined): string {
  return configured ?? join(cacheDirectory(env), 'snapshots');
}

/** Folder for disk images that were unpacked. */
export function unpackedDirectory(env: Variables): string {
  return join(cacheDirectory(env), 'images');
}

/** The disk images that were unpacked. */
export async function unpackedImages(io: CliIo): Promise<UnpackedImages> {
  const { UnpackedImages: Images } = await import('../qemu/unpack/unpacked-images.ts');
  return new Images(unpackedDirectory(io.env));
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { isoImage } from '../qemu/iso9660.ts';
import { isFile } from '../config/cloud-init-schema.ts';
import type { Appliance } from './dut-parts.ts';

/** The label by which cloud-init, and others that read the same files, find the seed. */
const label = 'CIDATA';

/**
 * The image of the appliance's seed for cloud-init; `undefined` if it has none.
 * @throws ConfigError if a file of it cannot be read or is not what cloud-init expects
 */
export async function seedImage({ cloudInit }: Partial<Pick<Appliance, 'cloudInit'>>): Promise<Buffer | undefined> {
  if (!cloudInit) return undefined;
  const { seedFiles } = await import('../config/seed-files.ts'); // loads the parser of YAML
  return isoImage(label, await seedFiles(cloudInit, 'the configuration'));
}

/** Paths of the files that the configuration of the seed names. Pure. */
export function seedPaths({ cloudInit = {} }: Pick<Appliance, 'cloudInit'>): readonly string[] {
  return Object.values(cloudInit).flatMap((source) => (isFile(source) ? [source.file] : []));
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { FileAccess } from '../docker/index.ts';
import {
  assertNamedReadable,
  findArgumentFiles,
  imageNameOf,
  inspectFiles,
  type ApplianceFile,
  type NamedPath,
} from '../qemu/index.ts';
import type { Appliance } from './dut-parts.ts';

/** The keys of an appliance that name files, besides its disk image. */
export type FileKeys = Partial<Pick<Appliance, 'kernel' | 'initrd' | 'firmware' | 'files' | 'nics' | 'qemuArgs'>>;

/** The files that keys of an appliance name, besides its disk image and `qemuArgs`. A new key that names files belongs here. Pure. */
function namedPaths({ kernel, initrd, firmware, files = {}, nics = [] }: FileKeys): readonly NamedPath[] {
  const { file, variables } = typeof firmware === 'object' ? firmware : {};
  const paths: readonly (readonly [key: string, path: unknown])[] = [
    ['kernel', kernel],
    ['initrd', initrd],
    ['firmware.file', file],
    ['firmware.variables', variables],
    ...nics.map(({ rom }, index) => [`nics.${index}.rom`, rom] as const),
    ...Object.entries(files).map(([name, content]) => [`files.${name}`, content] as const),
  ];
  return paths.flatMap(([key, path]) => (typeof path === 'string' ? [{ key, path }] : []));
}

/**
 * Inspects all files that keys of an appliance name, besides its disk image.
 * @throws ApplianceFileError if one cannot be used
 */
export async function inspectNamedFiles(
  keys: FileKeys & { readonly image?: string | undefined },
  access: FileAccess,
): Promise<readonly ApplianceFile[]> {
  const { qemuArgs = [], image } = keys;
  const [files, inArguments] = await Promise.all([inspectFiles(namedPaths(keys)), findArgumentFiles(qemuArgs, image, access)]);
  const named = [...files, ...inArguments.named];
  if (access.kind !== 'copy') await assertNamedReadable(named); // copies can be read in any case
  return named;
}

/** Equal for two appliances if they name the same files. Pure. */
export function fileKeysText(appliance: Appliance): string {
  const { image, format, disk, disks, cdroms, machine, qemuArgs } = appliance;
  return JSON.stringify([image, format, disk, disks, cdroms, imageNameOf(machine), namedPaths(appliance), qemuArgs]);
}

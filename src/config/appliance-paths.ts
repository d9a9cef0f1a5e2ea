// SPDX-License-Identifier: GPL-3.0-or-later
import { isAbsolute } from 'node:path';
import { kindOf, replaceValues } from '../core/qemu-arguments.ts';
import { withSeedPaths } from './cloud-init-schema.ts';
import type { Appliance } from './schema.ts';

/**
 * An appliance whose paths are all absolute. A key that names a file belongs here, and in `src/testbed/named-files.ts`. Pure.
 * @param absolute - makes the path in a key absolute
 * @param isFile - whether a path is that of a file
 */
export function withAbsolutePaths(
  appliance: Appliance,
  absolute: (path: readonly string[], value: string) => string,
  isFile: (path: string) => boolean,
): Appliance {
  const { image, disks, cdroms, kernel, initrd, firmware, files, qemuArgs, cloudInit, nics } = appliance;
  const inAppliance = (key: string, value: string): string => absolute(['appliance', key], value);
  return {
    ...appliance,
    ...(image === undefined ? {} : { image: inAppliance('image', image) }),
    ...(disks && {
      disks: disks.map((disk) => (disk.image === undefined ? disk : { ...disk, image: inAppliance('disks', disk.image) })),
    }),
    ...(cdroms && { cdroms: cdroms.map((path) => inAppliance('cdroms', path)) }),
    ...(kernel === undefined ? {} : { kernel: inAppliance('kernel', kernel) }),
    ...(initrd === undefined ? {} : { initrd: inAppliance('initrd', initrd) }),
    ...(nics && {
      nics: nics.map((nic, index) =>
        nic.rom === undefined ? nic : { ...nic, rom: absolute(['appliance', 'nics', String(index), 'rom'], nic.rom) },
      ),
    }),
    firmware:
      typeof firmware === 'string'
        ? firmware
        : mapValues(firmware, (key, value) => value && absolute(['appliance', 'firmware', key], value)),
    ...(files && {
      files: mapValues(files, (name, value) =>
        typeof value === 'string' ? absolute(['appliance', 'files', name], value) : value,
      ),
    }),
    ...(cloudInit && {
      cloudInit: withSeedPaths(cloudInit, (key, path) => absolute(['appliance', 'cloudInit', key, 'file'], path)),
    }),
    qemuArgs: absoluteArguments(qemuArgs, (value) => inAppliance('qemuArgs', value), isFile),
  };
}

function mapValues<T extends object>(object: T, map: (key: string, value: T[keyof T]) => T[keyof T]): T {
  const entries = Object.entries(object) as readonly (readonly [key: string, value: T[keyof T]])[];
  return Object.fromEntries(entries.map(([key, value]) => [key, map(key, value)])) as T;
}

/** A name that is no file here may be one that QEMU searches in its own folders, so it stays as it is. */
function absoluteArguments(
  args: readonly string[],
  absolute: (value: string) => string,
  isFile: (path: string) => boolean,
): readonly string[] {
  return replaceValues(args, (argument) => {
    const { value } = argument;
    if (isAbsolute(value) || kindOf(argument) !== 'file') return value;
    const path = absolute(value);
    return /^\.\.?\//.test(value) || isFile(path) ? path : value;
  });
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { Config } from '../config/index.ts';
import type { Manifest, ResolvedImage } from '../images/index.ts';
import { imageNameOf } from '../qemu/machine-type.ts';

/**
 * The images that `alpy images pull` gets unless it names some: those that every run needs, and those that the devices and nodes of this
 * configuration need. A job that runs alpy does not need the image that contains it. Pure.
 * @param config - absent without a configuration file
 */
export function neededImages(
  images: readonly ResolvedImage[],
  entries: Manifest['images'],
  config: Pick<Config, 'devices' | 'topology'> | undefined,
): readonly ResolvedImage[] {
  const special = optionalImages(config);
  return images.filter(({ name }) => {
    const { program = false, optional = false } = entries[name] ?? {};
    return !program && (!optional || special.has(name));
  });
}

function optionalImages(config: Pick<Config, 'devices' | 'topology'> | undefined): ReadonlySet<string> {
  if (!config) return new Set();
  const { devices, topology } = config;
  const hasGuest = Object.values(topology.nodes ?? {}).some(({ kind }) => kind === 'guest');
  return new Set([...devices.map(({ appliance }) => imageNameOf(appliance.machine)), ...(hasGuest ? ['guest'] : [])]);
}

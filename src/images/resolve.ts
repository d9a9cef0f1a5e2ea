// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import { loadManifest, type Manifest } from './manifest.ts';
import type { ResolvedImage } from './resolved-image.ts';
import { imageVariable, valueOf, type Variables } from '../core/variables.ts';

/** The `images` part of a configuration: `registry` and `tag` of all, and locations by image name. */
export type ImagesConfig = Readonly<Record<string, string | undefined>>;

interface Value {
  readonly value: string;
  readonly origin: string;
}

/** What alpy makes of a registry's name: no blanks around it, no slashes at its end. Pure. */
export function registryPrefix(value: string): string {
  return value.trim().replace(/\/+$/, '');
}

/**
 * The location of every image of the list, and of those that only `config` names. Variables go before the configuration,
 * and that before the default; a location of one image goes before `registry` and `tag`, which are for all. An empty
 * variable counts as unset, since CI systems cannot unset one.
 * @throws UsageError with every location that Docker could not take
 */
export function resolveImages(
  env: Variables,
  config: ImagesConfig = {},
  manifest: Manifest = loadManifest(),
): readonly ResolvedImage[] {
  const pick = (key: string): Value | undefined => {
    const variable = imageVariable(key);
    const set = valueOf(env, variable);
    if (set) return { value: set, origin: `variable ${variable}` };
    const configured = valueOf(config, key);
    return configured ? { value: configured, origin: `config images.${key}` } : undefined;
  };
  const registry = pick('registry');
  const tag = pick('tag');
  const prefix = registryPrefix(registry?.value ?? manifest.registry);
  const sharedOrigin = [registry, tag].flatMap((value) => (value ? [value.origin] : [])).join(', ') || 'default';

  const own = Object.keys(manifest.images).map((name): ResolvedImage => {
    const { value, origin } = pick(name) ?? {
      value: `${prefix}/${name}:${tag?.value ?? manifest.tag}`,
      origin: sharedOrigin,
    };
    return { name, reference: value, origin, buildable: true };
  });
  const foreign = Object.keys(config).flatMap((name): ResolvedImage[] => {
    if (name === 'registry' || name === 'tag' || name in manifest.images) return [];
    const found = pick(name);
    return found ? [{ name, reference: found.value, origin: found.origin, buildable: false }] : [];
  });
  return checked([...own, ...foreign]);
}

// [host[:port]/]path[:tag][@digest]; looser than Docker's own rule, to catch URLs, blanks and forgotten parts early
const location = /^(?:[A-Za-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

function checked(images: readonly ResolvedImage[]): readonly ResolvedImage[] {
  const bad = images.filter(({ reference }) => !location.test(reference) && !/^sha256:[0-9a-f]{64}$/.test(reference));
  if (bad.length === 0) return images;
  const lines = bad.map(({ name, reference, origin }) => `  ${name}: ${JSON.stringify(reference)}, from ${origin}`);
  throw new UsageError(`not a location of a container image (like registry.example.com/group/name:tag):\n${lines.join('\n')}`);
}

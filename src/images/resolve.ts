// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import { loadManifest, type Manifest } from './manifest.ts';
import type { ResolvedImage } from './resolved-image.ts';
import { imageVariable, valueOf, type Variables } from '../core/variables.ts';

/** The key `images` of a configuration: `registry` and `tag` for all images, and locations by image name. */
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
 * Finds the location of every image of the list, and of images that only `config` names. Variables have precedence over the
 * configuration, and the location of one image over `registry` and `tag`, which apply to all.
 * @throws UsageError with all locations that are invalid
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
  return assertValid([...own, ...foreign]);
}

// [host[:port]/]path[:tag][@digest]; less strict than Docker, but catches URLs, blanks and missing parts early
const location = /^(?:[A-Za-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

function assertValid(images: readonly ResolvedImage[]): readonly ResolvedImage[] {
  const invalid = images.filter(({ reference }) => !location.test(reference) && !/^sha256:[0-9a-f]{64}$/.test(reference));
  if (invalid.length === 0) return images;
  const lines = invalid.map(({ name, reference, origin }) => `  ${name}: ${JSON.stringify(reference)}, from ${origin}`);
  throw new UsageError(
    `expected locations of container images, such as registry.example.com/group/name:tag, got:\n${lines.join('\n')}`,
  );
}

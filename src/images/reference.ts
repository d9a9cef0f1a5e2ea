// SPDX-License-Identifier: GPL-3.0-or-later

/** Splits an image's location: `registry.example/group/node:1.0` has the tag `1.0`; the default is `latest`. Pure. */
export function splitReference(reference: string): { readonly repository: string; readonly tag: string } {
  const [, repository = reference, tag = 'latest'] = /^(.+?)(?::([^:/@]+))?(?:@.*)?$/.exec(reference) ?? [];
  return { repository, tag };
}

/** The registry in a location; default: Docker Hub. Pure. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : 'docker.io';
}

/** The tag that identifies what an image was built from. @param hash - of {@link contentHash} */
export function hashTag(hash: string): string {
  return `hash-${hash.slice(0, 16)}`;
}

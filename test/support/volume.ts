// SPDX-License-Identifier: GPL-3.0-or-later
import type { Engine } from '../../src/docker/index.ts';

/** A container that is never started, with an anonymous volume at a path. */
export async function createVolume(
  { docker, labels }: Engine,
  image: string,
  path: string,
): Promise<AsyncDisposable & { readonly container: string }> {
  const holder = await docker.createContainer({ Image: image, Labels: { ...labels }, Volumes: { [path]: {} } });
  return {
    container: holder.id,
    [Symbol.asyncDispose]: async () => {
      await holder.remove({ v: true });
    },
  };
}

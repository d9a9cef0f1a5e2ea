// SPDX-License-Identifier: GPL-3.0-or-later
import type { Engine } from './engine.ts';

/** Returns the identifier of the image that a reference names now. @throws ContainerError if the daemon does not have it */
export async function imageId(engine: Engine, reference: string, signal?: AbortSignal): Promise<string> {
  const { Id } = await engine.call(`inspect ${reference}`, signal, () => engine.docker.getImage(reference).inspect());
  return Id;
}

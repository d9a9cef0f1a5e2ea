// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { ownedName, removeOrphans } from '../core/owner.ts';
import { Container } from './container.ts';
import type { Engine } from './engine.ts';
import { helperLimits } from './limits.ts';
import { ContainerError } from './errors.ts';
import type { ContainerSpec } from './spec.ts';

/**
 * How containers get access to files of this machine:
 * - `bind`: the daemon sees the same files, so folders are mounted
 * - `volumes-from`: we run in a container of the same daemon, and other containers use its volumes at the same paths
 * - `copy`: neither works, so files are copied through the Engine API
 */
export type FileAccess =
  { readonly kind: 'bind' } | { readonly kind: 'volumes-from'; readonly container: string } | { readonly kind: 'copy' };

const markerPrefix = '.alpy-';

/**
 * Finds out how containers get access to the files of a folder, with a marker file that a container must see. The daemon's
 * address would not do: a mounted socket may belong to a daemon that has other files at the same paths.
 * @param image - an image with `cat`
 * @throws EnvironmentError if the folder is not writable
 * @throws ContainerError if the daemon cannot run the image
 */
export async function probeFileAccess(
  engine: Engine,
  image: string,
  directory: string,
  signal?: AbortSignal,
): Promise<FileAccess> {
  removeOrphans(directory, markerPrefix);
  engine.guard({ folder: directory, prefix: markerPrefix });
  const marker = join(directory, ownedName(markerPrefix));
  const text = randomBytes(16).toString('hex');
  try {
    // Only its owner may read it, like many disk images. So a daemon whose root is another user of this machine does not see our files.
    await writeFile(marker, text, { mode: 0o600 }).catch((cause: unknown) => {
      throw new EnvironmentError(`cannot write to ${directory}: ${messageOf(cause)}`, { cause });
    });
    const sees = (how: Partial<ContainerSpec>): Promise<boolean> => seesMarker(engine, image, marker, text, how, signal);
    if (await sees({ mounts: [{ source: directory, target: directory, readOnly: true }] })) return { kind: 'bind' };
    const container = await ownContainer(engine, signal);
    if (container !== undefined && (await sees({ volumesFrom: [container] }))) return { kind: 'volumes-from', container };
    return { kind: 'copy' };
  } finally {
    await rm(marker, { force: true });
  }
}

async function seesMarker(
  engine: Engine,
  image: string,
  marker: string,
  text: string,
  how: Partial<ContainerSpec>,
  signal?: AbortSignal,
): Promise<boolean> {
  const spec: ContainerSpec = {
    name: 'file-probe',
    image,
    entrypoint: ['cat'],
    command: [marker],
    networkMode: 'bare',
    dropAllCapabilities: true,
    addCapabilities: ['DAC_OVERRIDE'], // the folder may be open to its owner only
    ...helperLimits,
    ...how,
  };
  try {
    await using container = await Container.start(engine, spec, signal);
    container.expectExit();
    const [output] = await Promise.all([buffer(container.stdout), container.waitForExit({ timeoutMs: 20_000, signal })]);
    return output.toString() === text;
  } catch (error) {
    // 400 is "bind source path does not exist": the daemon does not see the folder. Everything else is a failure.
    if (error instanceof ContainerError && error.statusCode === 400) return false;
    throw error;
  }
}

/** Identifier of the container in which we run, if the daemon knows it. */
async function ownContainer(engine: Engine, signal?: AbortSignal): Promise<string | undefined> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const candidates = [/\/containers\/([0-9a-f]{64})\//.exec(mounts)?.[1], hostname()];
  for (const candidate of candidates) {
    if (candidate === undefined) continue;
    try {
      const { Id } = await engine.call(`look up ${candidate}`, signal, () => engine.docker.getContainer(candidate).inspect());
      return Id;
    } catch (error) {
      if (!(error instanceof ContainerError && error.statusCode === 404)) throw error;
    }
  }
  return undefined;
}

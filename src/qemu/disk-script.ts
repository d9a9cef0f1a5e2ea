// SPDX-License-Identifier: GPL-3.0-or-later
import { basename, dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Container, helperLimits, type Engine, type FileAccess } from '../docker/index.ts';
import { imageFolder } from './qemu-files.ts';

/** Where QEMU's tools look at a disk image. */
export interface DiskScriptPlace {
  readonly engine: Engine;
  /** an image with QEMU */
  readonly image: string;
  readonly access: FileAccess;
}

/** What to run on a disk image. */
export interface DiskScript {
  /** its real path; empty for none */
  readonly path: string;
  /** a shell script; `$1` is the path of the image in the container */
  readonly script: string;
  /** `$2` and so on */
  readonly args: readonly string[];
  readonly timeoutMs: number;
}

/**
 * Runs a script of QEMU's tools on a disk image, and returns what it prints. The script can write 1 MiB to /tmp.
 * @throws ContainerError when the daemon refuses
 * @throws ContainerTimeoutError if it takes too long
 */
export async function runOnDisk(
  { path, script, args, timeoutMs }: DiskScript,
  { engine, image, access }: DiskScriptPlace,
  signal?: AbortSignal,
): Promise<Buffer> {
  const hasDisk = path !== '';
  const inside = access.kind === 'volumes-from' || !hasDisk ? path : join(imageFolder, basename(path));
  await using container = await Container.start(
    engine,
    {
      name: 'disk-probe',
      image,
      entrypoint: ['sh', '-c', script, 'sh'],
      command: [inside, ...args],
      networkMode: 'bare',
      dropAllCapabilities: true,
      addCapabilities: ['DAC_OVERRIDE'], // the image may be readable for its owner only
      ...helperLimits,
      readOnlyRoot: access.kind !== 'copy', // a copy lies in its root
      tmpfs: { '/tmp': 1 },
      memoryMiB: 256, // qemu-img reads all tables of a large image into memory
      mounts: access.kind === 'bind' && hasDisk ? [{ source: dirname(path), target: imageFolder, readOnly: true }] : [],
      volumesFrom: access.kind === 'volumes-from' ? [access.container] : [],
      files: access.kind === 'copy' && hasDisk ? [{ path: inside, content: { file: path } }] : [],
    },
    signal,
  );
  container.expectExit();
  const [output] = await Promise.all([buffer(container.stdout), container.waitForExit({ timeoutMs, signal })]);
  return output;
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { basename, dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { openRegular } from '../core/plain-file.ts';
import { Container, helperLimits } from '../docker/index.ts';
import type { DiskImage } from './disk-image.ts';
import type { DiskPlace } from './disk-probe.ts';
import { imageFolder } from './qemu-files.ts';

const sectorBytes = 512;
const timeoutMs = 60_000;

/**
 * Reads the first bytes of a disk, as the guest sees it. Returns fewer if the disk is smaller, or none if it cannot be read.
 * @param bytes - a multiple of 512
 */
export async function readDiskStart(disk: DiskImage, bytes: number, place: DiskPlace, signal?: AbortSignal): Promise<Buffer> {
  if (disk.format === 'raw') return readPlainStart(disk.path, bytes);
  const { engine, image, access } = place;
  const path = access.kind === 'volumes-from' ? disk.path : join(imageFolder, basename(disk.path));
  const script = 'qemu-img dd -f "$1" -O raw bs=512 "count=$2" "if=$3" of=/tmp/start >/dev/null && cat /tmp/start';
  await using container = await Container.start(
    engine,
    {
      name: 'disk-probe', // the same kind as the container that inspects the image
      image,
      entrypoint: ['sh', '-c', script, 'sh'],
      command: [disk.format, String(bytes / sectorBytes), path],
      networkMode: 'bare',
      dropAllCapabilities: true,
      addCapabilities: ['DAC_OVERRIDE'], // the image may be readable for its owner only
      ...helperLimits,
      readOnlyRoot: access.kind !== 'copy', // a copy lies in its root
      tmpfs: { '/tmp': 1 },
      memoryMiB: 256,
      mounts: access.kind === 'bind' ? [{ source: dirname(disk.path), target: imageFolder, readOnly: true }] : [],
      volumesFrom: access.kind === 'volumes-from' ? [access.container] : [],
      files: access.kind === 'copy' ? [{ path, content: { file: disk.path } }] : [],
    },
    signal,
  );
  container.expectExit();
  const [start] = await Promise.all([buffer(container.stdout), container.waitForExit({ timeoutMs, signal })]);
  return start;
}

async function readPlainStart(path: string, bytes: number): Promise<Buffer> {
  await using file = await openRegular(path);
  const start = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(start, 0, bytes, 0);
  return start.subarray(0, bytesRead);
}

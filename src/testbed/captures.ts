// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { allEnded } from '../core/all-ended.ts';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { replaceFile } from '../core/plain-file.ts';
import { Capture, finishCapture, type Decoder } from '../capture/index.ts';
import type { Container } from '../docker/index.ts';
import type { GuestClock, Hypervisor } from '../qemu/index.ts';
import type { CaptureSpec, DutSpec, Wire } from '../topology/index.ts';
import { createWorldWritableFile } from './world-writable-file.ts';

/** Where the captures of a testbed are, and what reading them takes. */
export interface CapturePlace {
  readonly hypervisor: Pick<Hypervisor, 'container' | 'directory'>;
  /** absolute path of the testbed's folder */
  readonly directory: string;
  /** whether QEMU writes them inside its container, where the daemon sees no files of this machine */
  readonly areInside: boolean;
  /** turns a time in a pcap file into wall-clock time, both in `ms` */
  readonly toWallClock: (recordedMs: number) => number;
  readonly decoder: Decoder | undefined;
}

/**
 * Creates the testbed's folder with the pcap files for QEMU to write. Returns their paths: for each DUT, then for the junction if
 * nodes are joined without a device.
 * @throws EnvironmentError if it cannot
 */
export async function createCaptureFiles(
  directory: string,
  duts: readonly DutSpec[],
  wires: readonly Wire[],
): Promise<readonly (readonly string[])[]> {
  const ofDuts = duts.map(({ nics }) => nics.flatMap(({ capture }) => capture ?? []));
  const ofJunction = wires.flatMap(({ junction }) => junction?.capture ?? []);
  const specs = [...ofDuts, ...(ofJunction.length > 0 ? [ofJunction] : [])];
  const paths = specs.map((captures) => captures.map(({ file }) => join(directory, file)));
  try {
    await mkdir(directory, { recursive: true });
    for (const path of paths.flat()) await createWorldWritableFile(path);
    return paths;
  } catch (cause) {
    throw new EnvironmentError(`cannot create the files of a testbed in ${directory}: ${messageOf(cause)}`, { cause });
  }
}

/** Converts the times in a pcap file: filter-dump adds the start of the guest's clock, in whole seconds, to the virtual clock. */
export function wallClockOf(clock: GuestClock, clockStart: Date): CapturePlace['toWallClock'] {
  const startMs = Math.floor(clockStart.getTime() / 1000) * 1000;
  return (recordedMs) => clock.wallMs(recordedMs - startMs);
}

/** The capture of a link. @param pcap - of what records it */
export function captureOf(name: string, { file: pcap }: CaptureSpec, place: CapturePlace): Capture {
  const { hypervisor, directory, areInside, toWallClock, decoder } = place;
  const file = join(directory, pcap);
  const source = {
    name,
    container: hypervisor.container,
    path: join(hypervisor.directory, pcap),
    file: areInside ? undefined : file,
    toWallClock,
    decoder,
  };
  return new Capture(source, file);
}

/** Completes captures after QEMU has ended: copies them out of its container if they are inside, and corrects their times. */
export async function finishCaptures(captures: readonly Capture[], place: CapturePlace): Promise<void> {
  const { hypervisor, areInside, toWallClock } = place;
  if (areInside && captures.length > 0) await copyOut(hypervisor.container, hypervisor.directory, captures);
  await allEnded(captures.map(({ path }) => finishCapture(path, toWallClock)));
}

/** Takes only the captures: QEMU may have created other files there, such as one with the name of a log. */
async function copyOut(container: Container, from: string, captures: readonly Capture[]): Promise<void> {
  const paths = new Map(captures.map(({ path }) => [basename(path), path]));
  await container.readEach(from, { bytes: Infinity }, async (name, content) => {
    const path = paths.get(name);
    if (path !== undefined) await replaceFile(path, content);
  });
}

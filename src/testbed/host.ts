// SPDX-License-Identifier: GPL-3.0-or-later
import { chmod, mkdir } from 'node:fs/promises';
import { messageOf } from '../core/errors.ts';
import { step } from '../core/step.ts';
import { ContainerError, DaemonError, probeFileAccess, type Engine, type FileAccess } from '../docker/index.ts';
import { findImage } from '../images/inspect.ts';
import { imageNamed, type ResolvedImage } from '../images/resolved-image.ts';
import { inspectNamedFiles, type FileKeys } from './named-files.ts';
import type { Appliance } from './dut-parts.ts';
import { seedImage } from './seed.ts';
import { measureSlowness, timeFactorOf } from './speed.ts';
import {
  chooseAccel,
  imageNameOf,
  inspectDisks,
  isArm,
  programOf,
  type Accel,
  type DiskQuestion,
  type InspectedDisks,
} from '../qemu/index.ts';

/** What testbeds must know of the machine they are made on. Plain data, so that a run finds it out once for all workers. */
export interface HostFacts {
  /** every image with its location */
  readonly images: readonly ResolvedImage[];
  readonly accel: Accel;
  /** why this accelerator */
  readonly accelReason: string;
  readonly access: FileAccess;
  /** by what factor waits for a guest are longer than configured: by the accelerator and the speed of this machine */
  readonly timeFactor: number;
  /** absolute path of the folder for unpacked disk images; default: `~/.cache/alpy/images` */
  readonly unpackedDirectory?: string | undefined;
}

/** The facts for one appliance: no machine that alpy runs on can accelerate an ARM processor. Pure. */
export function factsFor({ machine }: Pick<Appliance, 'machine'>, facts: HostFacts): HostFacts {
  if (!isArm(machine) || facts.accel === 'tcg') return facts;
  const slowness = facts.timeFactor / timeFactorOf('kvm', 1);
  return { ...facts, accel: 'tcg', accelReason: `${machine} has an ARM processor`, timeFactor: timeFactorOf('tcg', slowness) };
}

/** What has to be known to show files to containers. */
export interface FileFacts extends Pick<HostFacts, 'images' | 'access' | 'unpackedDirectory'> {
  /** file that caches what was found out about disk images; absent to inspect them in any case */
  readonly diskCacheFile?: string | undefined;
}

/** The disks and CDs to inspect, and the other keys of the appliance that name files. */
export type ApplianceQuestion = DiskQuestion & FileKeys & Partial<Pick<Appliance, 'cloudInit' | 'machine'>>;

/** What to find out. */
export interface HostQuestions {
  readonly images: readonly ResolvedImage[];
  readonly accel: Accel | 'auto';
  /** folder in which testbeds put their files; must exist */
  readonly directory: string;
  /** file that keeps the verdict on KVM */
  readonly accelCacheFile?: string | undefined;
  /** see {@link HostFacts.unpackedDirectory} */
  readonly unpackedDirectory?: string | undefined;
}

/**
 * Sees that the machine has what every testbed needs, and how it is to be used.
 * @throws MissingImageError when an image is not there
 * @throws EnvironmentError when an accelerator is demanded that does not work
 * @throws ContainerError when the daemon cannot run containers
 */
export async function inspectHost(engine: Engine, questions: HostQuestions, signal?: AbortSignal): Promise<HostFacts> {
  const { images, accel, directory, accelCacheFile, unpackedDirectory } = questions;
  const [qemu, node] = [imageNamed(images, 'qemu'), imageNamed(images, 'node')];
  for (const image of [qemu, node]) await findImage(engine.docker, image, signal);
  return step('alpy.testbed', 'Inspect the machine', async () => {
    const choice = await chooseAccel(accel, { engine, image: qemu.reference, cacheFile: accelCacheFile, signal });
    const access = await probeFileAccess(engine, node.reference, directory, signal);
    const timeFactor = timeFactorOf(choice.accel, measureSlowness());
    return { images, accel: choice.accel, accelReason: choice.reason, access, timeFactor, unpackedDirectory };
  });
}

/**
 * Why snapshots cannot be kept in a folder; `undefined` when they can.
 * @param directory - absolute path; made when it is not there
 * @throws ContainerError when the daemon cannot run containers
 */
export async function checkSnapshotSupport(
  engine: Engine,
  { access, images }: FileFacts,
  directory: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (access.kind === 'copy') return 'the Docker daemon sees no files of this machine';
  try {
    const isEntered = access.kind === 'volumes-from'; // then QEMU's user reaches a snapshot by its path, through this folder
    await mkdir(directory, { recursive: true, mode: isEntered ? 0o711 : 0o700 });
    if (isEntered) await chmod(directory, 0o711);
    const { kind } = await probeFileAccess(engine, imageNamed(images, 'node').reference, directory, signal);
    if (kind === access.kind) return undefined;
    return `the Docker daemon does not see ${directory}: set snapshots.directory to a folder below that of the project`;
  } catch (error) {
    if (error instanceof ContainerError || error instanceof DaemonError) throw error;
    return messageOf(error);
  }
}

/**
 * Inspects the files of an appliance: its disks and CDs, unpacked if they are compressed or in an archive, and what other keys name.
 * @throws DiskImageError, ApplianceFileError when one cannot be used
 */
export async function inspectApplianceDisks(
  engine: Engine,
  facts: FileFacts,
  appliance: ApplianceQuestion,
  signal?: AbortSignal,
): Promise<InspectedDisks> {
  const { images, access, unpackedDirectory, diskCacheFile: cacheFile } = facts;
  const { machine = 'q35' } = appliance;
  const found = imageNamed(images, imageNameOf(machine));
  if (isArm(machine)) await findImage(engine.docker, found, signal); // the others are looked up at the start of a run
  const place = { engine, image: found.reference, program: programOf(machine), access, cacheFile, unpackedDirectory };
  const [disk, named] = await Promise.all([
    inspectDisks(appliance, place, signal),
    inspectNamedFiles(appliance, access),
    seedImage(appliance), // not needed yet, but its problems are found before anything is started
  ]);
  return named.length > 0 ? { ...disk, named } : disk;
}

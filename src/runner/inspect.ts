// SPDX-License-Identifier: GPL-3.0-or-later
import { allOrAbort } from '../core/all-or-abort.ts';
import type { Config, LoadedConfig } from '../config/index.ts';
import type { Engine } from '../docker/index.ts';
import { resolveImages } from '../images/resolve.ts'; // not the whole folder, which takes long to load
import type { InspectedDisks } from '../qemu/index.ts';
import { SnapshotStore } from '../snapshot/index.ts';
import {
  checkSnapshotSupport,
  fileKeysText,
  inspectHost,
  TestbedFactory,
  type FileFacts,
  type HostFacts,
  type SnapshotPlace,
} from '../testbed/index.ts';
import type { Variables } from '../core/variables.ts';
import { checkUplinks } from './uplink-networks.ts';

/** What to inspect. */
export interface InspectOptions {
  readonly loaded: LoadedConfig;
  /** the caller's environment: locations of images */
  readonly variables: Variables;
  /** absolute path of the folder for snapshots */
  readonly snapshotDirectory: string;
  /** file that caches whether KVM works */
  readonly accelCacheFile?: string | undefined;
  /** file that caches what was found out about disk images */
  readonly diskCacheFile?: string | undefined;
  /** absolute path of the folder for unpacked disk images */
  readonly unpackedDirectory?: string | undefined;
  readonly signal: AbortSignal;
}

/** What tests need to know about the machine and the appliance. */
export interface Inspection {
  readonly host: HostFacts;
  /** of each device of the configuration, in order */
  readonly disks: readonly InspectedDisks[];
  readonly snapshots: SnapshotPlace;
}

/**
 * Inspects machine, disk and snapshots in parallel. Disk and snapshots are inspected as if containers could mount this machine's
 * folders; if that turns out to be wrong, they are inspected again.
 * @param testsDirectory - folder for the testbeds' files
 * @throws ConfigError, MissingImageError, DiskImageError, EnvironmentError, ContainerError
 */
export async function inspect(engine: Engine, options: InspectOptions, testsDirectory: string): Promise<Inspection> {
  const { signal, loaded, variables, accelCacheFile, diskCacheFile, unpackedDirectory } = options;
  const { accel, images: locations } = loaded.config;
  const images = resolveImages(variables, locations);
  await checkUplinks(engine, loaded, signal);
  const [host, mounted] = await allOrAbort(signal, [
    (abort: AbortSignal) =>
      inspectHost(engine, { images, accel, directory: testsDirectory, accelCacheFile, unpackedDirectory }, abort),
    (abort: AbortSignal) =>
      settled(inspectFiles(engine, { images, access: { kind: 'bind' }, diskCacheFile, unpackedDirectory }, options, abort)),
  ]);
  const files = host.access.kind === 'bind' ? mounted() : await inspectFiles(engine, { ...host, diskCacheFile }, options, signal);
  return { host, ...files };
}

async function inspectFiles(
  engine: Engine,
  facts: FileFacts,
  options: InspectOptions,
  signal: AbortSignal,
): Promise<Omit<Inspection, 'host'>> {
  const [disks, snapshots] = await allOrAbort(signal, [
    (abort: AbortSignal) => inspectDisks(engine, facts, options.loaded.config.devices, abort),
    (abort: AbortSignal) => findSnapshotPlace(engine, facts, options, abort),
  ]);
  return { disks, snapshots };
}

/** Devices of the same appliance have the same disks. */
async function inspectDisks(
  engine: Engine,
  facts: FileFacts,
  devices: Config['devices'],
  signal: AbortSignal,
): Promise<readonly InspectedDisks[]> {
  const found = new Map<string, Promise<InspectedDisks>>();
  return Promise.all(
    devices.map(({ appliance }) => {
      const key = fileKeysText(appliance);
      const inspected = found.get(key) ?? TestbedFactory.inspectDisk(engine, facts, appliance, signal);
      found.set(key, inspected);
      return inspected;
    }),
  );
}

async function findSnapshotPlace(
  engine: Engine,
  facts: FileFacts,
  { loaded, snapshotDirectory }: InspectOptions,
  signal: AbortSignal,
): Promise<SnapshotPlace> {
  const { boot, snapshots } = loaded.config;
  if (boot === 'cold') return 'the configuration says so';
  const reason = await checkSnapshotSupport(engine, facts, snapshotDirectory, signal);
  if (reason !== undefined) return reason;
  const maxBytes = snapshots.maxMiB * 1024 ** 2;
  new SnapshotStore(snapshotDirectory, maxBytes).removeDeadDrafts();
  return { directory: snapshotDirectory, maxBytes };
}

/** Settles a promise without rejecting. The returned function returns its value or throws its error. */
async function settled<T>(promise: Promise<T>): Promise<() => T> {
  try {
    const value = await promise;
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
// eslint-disable-next-line no-restricted-imports -- for /proc
import { readFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { ContentHashes } from '../core/content-hashes.ts';
import { accessInputs } from '../access/index.ts';
import { imageId, type Engine } from '../docker/index.ts';
import { imageNamed } from '../images/resolved-image.ts';
import {
  configuredImage,
  findArgumentFiles,
  imageNameOf,
  keyPlacesOf,
  withPlaces,
  withPlacesIn,
  machineArguments,
  type FileIdentity,
  type InspectedDisks,
} from '../qemu/index.ts';
import { SnapshotError, type SnapshotStore } from '../snapshot/index.ts';
import type { Topology } from '../topology/index.ts';
import type { Appliance } from './dut-parts.ts';
import type { HostFacts } from './host.ts';
import { asGuestSees, machineSpec } from './machine-spec.ts';
import { nodeInputs } from './node-inputs.ts';
import { seedImage } from './seed.ts';

/** The guest of a snapshot. */
export interface SnapshotSpec {
  readonly appliance: Appliance;
  /** with this guest as its only DUT */
  readonly topology: Topology;
  readonly disk: InspectedDisks;
}

/**
 * Keys of an appliance that a snapshot does not depend on, or that are among its inputs in another form. All other keys are
 * inputs, also new ones.
 */
const keysNotHashed: ReadonlySet<string> = new Set<keyof Appliance>([
  ...(['name', 'image', 'format', 'disks', 'cdroms', 'cloudInit', 'login', 'provision'] as const),
  ...(['bootTimeoutMs', 'clockCommand', 'powerOffCommand'] as const), // act on a guest that runs
]);

/** What a snapshot depends on. */
export interface SnapshotInputs {
  /** by name: everything that could make a restored guest differ from one that has just booted */
  readonly inputs: Readonly<Record<string, string>>;
  /** the files whose content is part of the inputs, as they were then */
  readonly files: readonly FileIdentity[];
}

/**
 * Finds out what the snapshot of an appliance depends on.
 * @throws SnapshotError when that cannot be known, so that no snapshot would be safe to use
 */
export async function findInputs(
  engine: Engine,
  facts: HostFacts,
  store: SnapshotStore,
  spec: SnapshotSpec,
): Promise<SnapshotInputs> {
  const { appliance, topology, disk } = spec;
  const { provision } = appliance;
  const added = await findArgumentFiles(appliance.qemuArgs, configuredImage(disk), facts.access);
  if (added.unknown !== undefined) throw new SnapshotError(added.unknown);
  const { named = [] } = disk;
  const others = [...new Map([...named.flatMap(({ parts }) => parts), ...added.files].map((file) => [file.path, file])).values()];
  const hashes = new ContentHashes(join(store.directory, '.hashes.json'));
  const contents = async (files: readonly FileIdentity[]): Promise<string> => {
    const all: string[] = [];
    for (const { path, stamp } of files) all.push(await hashes.of(path, stamp));
    return all.join(' ');
  };
  const placeOf = keyPlacesOf(named);
  const described = { disk: 'virtio', ...appliance, qemuArgs: withPlaces(appliance.qemuArgs, placeOf) };
  const settings = Object.entries(described).filter(([key]) => !keysNotHashed.has(key));
  const machine = machineSpec(appliance, topology.duts[0], disk, facts.accel, new Date(0));
  const seed = await seedImage(appliance);
  const nodes = await nodeInputs(topology, hashes);
  const [main = 'none', ...further] = await contentsOf(disk, contents);
  const inputs = {
    image: main,
    ...(further.length > 0 ? { disks: further.join(', ') } : {}),
    qemu: disk.qemuVersion,
    firmware: disk.firmware,
    machine: machineArguments(asGuestSees(machine), { ...placeholderPaths, placeOf, seed: seed && 'seed' }).join(' '),
    login: digest(JSON.stringify(accessInputs(appliance))), // a password has no place in a file that people look at
    provision: digest(JSON.stringify(provision)),
    settings: digest(JSON.stringify(withPlacesIn(settings.sort(), placeOf))),
    ...(seed ? { seed: digest(seed) } : {}),
    ...(nodes.digest === undefined ? {} : { nodes: nodes.digest }),
    ...(others.length > 0 ? { files: await contents(others) } : {}),
    ...(added.needsContainer
      ? { container: await imageId(engine, imageNamed(facts.images, imageNameOf(appliance.machine)).reference) }
      : {}),
    ...(facts.accel === 'kvm' ? { cpu: await hostCpu() } : {}),
  };
  return { inputs, files: [...disk.drives.flatMap(({ image }) => image?.files ?? []), ...others, ...nodes.files] };
}

/** The content of each drive, as text. */
async function contentsOf(
  { drives }: InspectedDisks,
  contents: (files: readonly FileIdentity[]) => Promise<string>,
): Promise<readonly string[]> {
  const all: string[] = [];
  for (const { image, virtualBytes } of drives)
    all.push(image ? `${image.format} ${await contents(image.files)}` : `empty ${virtualBytes}`);
  return all;
}

/** Stand for paths, which do not affect the guest. */
const placeholderPaths = {
  drive: () => ({ path: 'disk', format: 'qcow2', isWritten: false }),
  qmpSocket: 'qmp',
  serialSocket: 'serial',
  firmwareCode: 'code',
  firmwareVariables: 'variables',
  capture: (file: string): string => parse(file).name, // without the extension, as in the keys of existing snapshots
};

/** With KVM a guest sees this machine's processor, and may not continue on another one. */
async function hostCpu(): Promise<string> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const lines = /^(?:model name|flags|microcode)\s*:.*$/gm;
  return digest((text.split('\n\n')[0]?.match(lines) ?? []).join('\n'));
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

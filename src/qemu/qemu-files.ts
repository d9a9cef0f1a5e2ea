// SPDX-License-Identifier: GPL-3.0-or-later
import { basename, dirname, join, relative } from 'node:path';
import { quoteWord } from '../core/text.ts';
import type { FileAccess, Mount } from '../docker/index.ts';
import { mountsOf, placesOf, type FilePlaces } from './appliance-files.ts';
import type { DiskImage } from './disk-image.ts';
import { machineArguments, type DiskFile, type MachinePaths, type MachineSpec } from './machine.ts';
import { qemuMemoryMiB } from './memory-limit.ts';
import type { QemuContainerSpec } from './qemu-container.ts';
import { seedFile, writeSeed } from './seed.ts';
import { fileUri } from './state.ts';
import { isAtLeast } from './version.ts';

/** What a hypervisor needs to start. */
export interface HypervisorSpec {
  readonly machine: MachineSpec;
  readonly disk: DiskImage;
  /** image of the seed for cloud-init; absent for none */
  readonly seed?: Buffer | undefined;
  readonly snapshot?: SnapshotUse | undefined;
}

/** A snapshot to make or to restore: the path of its folder on this machine. */
export interface SnapshotUse {
  readonly directory: string;
  readonly use: 'make' | 'restore';
}

/** The files of this machine that QEMU sees, except those that it writes for one testbed. */
export interface SharedFiles {
  /** absolute paths of the disk image and its backing files, or of the folder with all of them */
  readonly image: readonly string[];
  /** folder of a snapshot, or of all snapshots */
  readonly snapshot?: { readonly path: string; readonly readOnly: boolean } | undefined;
}

/** Names of the files in a snapshot's folder. */
export const snapshotFiles = { memory: 'memory', state: 'state', disk: 'disk.qcow2', firmware: 'firmware.fd' } as const;

/** What QEMU's container must know of a machine. */
export type MachineNeeds = Pick<MachineSpec, 'memoryMiB' | 'extra'>;

/**
 * The files that QEMU needs for a testbed.
 * @param extra - the additional arguments of QEMU; if they name a file beside the disk image, QEMU sees the whole folder
 */
export function sharedFiles(disk: DiskImage, extra: readonly string[], snapshot: SnapshotUse | undefined): SharedFiles {
  return {
    image: needsImageFolder(extra) ? [dirname(disk.path)] : disk.files.map(({ path }) => path),
    snapshot: snapshot && { path: snapshot.directory, readOnly: snapshot.use === 'restore' && canReadOnly(disk) },
  };
}

/** Whether additional arguments of QEMU name a file in the folder of the disk image. */
export function needsImageFolder(extra: readonly string[]): boolean {
  return extra.some((argument) => argument.includes(imageFolder.slice(1)));
}

/** Whether QEMU can map a snapshot's memory copy-on-write from a read-only file. */
function canReadOnly({ qemuVersion }: DiskImage): boolean {
  return isAtLeast(qemuVersion, fileUri);
}

/** The container in which QEMU sees these files. Pure. */
export function qemuContainerSpec(
  image: string,
  access: FileAccess,
  disk: DiskImage,
  files: SharedFiles,
  accel: MachineSpec['accel'],
  machine: MachineNeeds,
): QemuContainerSpec {
  return {
    image,
    devices: ['/dev/net/tun', ...(accel === 'kvm' ? ['/dev/kvm'] : [])],
    memoryMiB: qemuMemoryMiB(machine),
    mounts: access.kind === 'bind' ? mountsFor(disk, files) : [],
    volumesFrom: access.kind === 'volumes-from' ? [access.container] : [],
    volumes: access.kind === 'copy' ? [copiedFolder] : [],
  };
}

function mountsFor(disk: DiskImage, { image, snapshot }: SharedFiles): readonly Mount[] {
  const folder = dirname(disk.path);
  const ofImage = image.map((path) => ({ source: path, target: join(imageFolder, relative(folder, path)), readOnly: true }));
  const mounts = [...ofImage, ...mountsOf(disk.named ?? [])];
  return snapshot ? [...mounts, { source: snapshot.path, target: snapshotFolder, readOnly: snapshot.readOnly }] : mounts;
}

/** The mount of the folder with everything that QEMU writes for one testbed, except snapshots. */
export function runMount(folder: string): Mount {
  return { source: folder, target: runFolder, readOnly: false };
}

/** Contains the folders below, if files are copied. */
export const copiedFolder = '/alpy';
const runFolder = `${copiedFolder}/run`;
const snapshotFolder = `${copiedFolder}/snapshot`;
/** Where QEMU sees the folder of the disk image, unless paths are the same inside and outside. */
export const imageFolder = `${copiedFolder}/image`;

/** Folders as QEMU sees them. */
export interface ContainerPaths {
  readonly run: string;
  readonly image: string;
  readonly snapshot: string;
  /** the files that other keys of the appliance name */
  readonly placeOf: FilePlaces;
}

/**
 * Translates folders of this machine into paths that QEMU sees. Pure.
 * @param exchange - path of the folder with everything that QEMU writes for one testbed
 */
export function containerPaths(
  access: FileAccess,
  files: SharedFiles,
  exchange: string,
  { disk, snapshot }: HypervisorSpec,
): ContainerPaths {
  const placeOf = placesOf(disk.named ?? [], access);
  if (access.kind === 'volumes-from') {
    return { run: exchange, image: dirname(disk.path), snapshot: snapshot?.directory ?? '', placeOf }; // the paths are the same inside and outside
  }
  return {
    run: runFolder,
    image: imageFolder,
    snapshot: snapshot && files.snapshot ? join(snapshotFolder, relative(files.snapshot.path, snapshot.directory)) : '',
    placeOf,
  };
}

const firmwareCode = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const firmwareTemplate = '/usr/share/OVMF/OVMF_VARS_4M.fd';

/** Folders of one hypervisor, as QEMU sees them. */
export interface HypervisorFolders {
  readonly containerPaths: ContainerPaths;
  /** a folder in its container that nothing else uses */
  readonly scratchDirectory: string;
}

/** Folders and sockets of one hypervisor, as QEMU sees them. */
export interface HypervisorPaths extends HypervisorFolders {
  readonly qmpSocket: string;
  readonly serialSocket: string;
}

/**
 * Lines of shell that create the scratch directory and the files that QEMU writes to: the disk of a snapshot that it makes, and a
 * copy of the firmware's variables. Pure.
 */
export function prepareScript({ machine, disk, seed, snapshot }: HypervisorSpec, folders: HypervisorFolders): string {
  const { containerPaths: paths, scratchDirectory } = folders;
  const image = imagePath(paths, disk);
  const newDisk = join(paths.snapshot, snapshotFiles.disk);
  const overlay = ['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', disk.format, '-b', image, newDisk];
  const firmware = snapshot?.use === 'restore' ? join(paths.snapshot, snapshotFiles.firmware) : firmwareTemplate;
  return [
    quoteWords(['mkdir', '-p', scratchDirectory]),
    ...(seed ? [writeSeed(seed, join(scratchDirectory, seedFile))] : []),
    ...(snapshot?.use === 'make' ? [quoteWords(overlay)] : []),
    ...(machine.firmware === 'uefi' ? [quoteWords(['cp', firmware, firmwareFile(snapshot, folders)])] : []),
  ].join('\n');
}

/** The shell command that starts QEMU. Pure. */
export function qemuCommand({ machine, disk, seed, snapshot }: HypervisorSpec, hypervisor: HypervisorPaths): string {
  const { containerPaths: paths, qmpSocket, serialSocket } = hypervisor;
  const machinePaths: MachinePaths = {
    disk: diskFile(disk, snapshot, paths),
    ...(seed ? { seed: join(hypervisor.scratchDirectory, seedFile) } : {}),
    qmpSocket,
    serialSocket,
    firmwareCode,
    firmwareVariables: firmwareFile(snapshot, hypervisor),
    capture: (file) => join(paths.run, file),
    placeOf: paths.placeOf,
    memory: snapshot && { path: join(paths.snapshot, snapshotFiles.memory), use: memoryUse(disk, snapshot.use) },
    isIncoming: snapshot?.use === 'restore',
  };
  return quoteWords(['qemu-system-x86_64', '-sandbox', sandbox(disk), ...machineArguments(machine, machinePaths)]);
}

/** System calls that QEMU gives up. Older versions start a shell to save and load a snapshot. */
function sandbox({ qemuVersion }: DiskImage): string {
  const spawn = isAtLeast(qemuVersion, fileUri) ? 'deny' : 'allow';
  return `on,obsolete=deny,elevateprivileges=deny,spawn=${spawn},resourcecontrol=deny`;
}

function diskFile(disk: DiskImage, snapshot: SnapshotUse | undefined, paths: ContainerPaths): DiskFile {
  const image = { path: imagePath(paths, disk), format: disk.format };
  if (!snapshot) return { ...image, isWritten: false };
  const path = join(paths.snapshot, snapshotFiles.disk);
  return { path, format: 'qcow2', isWritten: snapshot.use === 'make', backing: image };
}

/** Where QEMU writes the firmware's variables: into the snapshot that it makes, else into its scratch directory. */
function firmwareFile(snapshot: SnapshotUse | undefined, { containerPaths: paths, scratchDirectory }: HypervisorFolders): string {
  return join(snapshot?.use === 'make' ? paths.snapshot : scratchDirectory, snapshotFiles.firmware);
}

/** The disk image as QEMU sees it. */
export function imagePath(paths: ContainerPaths, disk: DiskImage): string {
  return join(paths.image, basename(disk.path));
}

function memoryUse(disk: DiskImage, use: SnapshotUse['use']): NonNullable<MachinePaths['memory']>['use'] {
  if (use === 'make') return 'write';
  return canReadOnly(disk) ? 'copy-on-write of a file that may not be written' : 'copy-on-write';
}

/** Quotes a command for a shell. */
function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}

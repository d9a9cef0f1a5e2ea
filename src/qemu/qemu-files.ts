// SPDX-License-Identifier: GPL-3.0-or-later
import { basename, dirname, join, relative } from 'node:path';
import { isWithin } from '../core/file.ts';
import { qemuSandbox } from '../core/qemu-confinement.ts';
import { quoteWord } from '../core/text.ts';
import type { FileAccess, Mount } from '../docker/index.ts';
import { mountsOf, placesOf, type ApplianceFile, type FilePlaces } from './appliance-files.ts';
import type { DriveFile } from './drive-arguments.ts';
import { isWritable, type Drive, type InspectedDisks } from './drives.ts';
import { firmwareFiles } from './firmware.ts';
import { isArm, programOf } from './machine-type.ts';
import { machineArguments, type MachinePaths, type MachineSpec } from './machine.ts';
import { qemuMemoryMiB } from './memory-limit.ts';
import type { QemuContainerSpec } from './qemu-container.ts';
import { seedFile, writeSeed } from './seed.ts';
import { fileUri } from './state.ts';
import { startTpm, tpmSocket } from './tpm.ts';
import { isAtLeast } from './version.ts';

/** What a hypervisor needs to start. */
export interface HypervisorSpec {
  readonly machine: MachineSpec;
  readonly disk: InspectedDisks;
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
  /** absolute paths of all images and their backing files, or of a folder with several of them, and where QEMU sees each */
  readonly images: readonly { readonly path: string; readonly inside: string }[];
  /** the files that other keys of the appliance name */
  readonly named?: readonly ApplianceFile[] | undefined;
  /** folder of a snapshot, or of all snapshots */
  readonly snapshot?: { readonly path: string; readonly readOnly: boolean } | undefined;
}

/** Names of files in a snapshot's folder. */
export const snapshotFiles = { memory: 'memory', state: 'state', firmware: 'firmware.fd' } as const;

/** Names of all files of a snapshot. */
export function snapshotFileNames({ drives }: InspectedDisks): readonly string[] {
  const { memory, state, firmware } = snapshotFiles;
  const disks = drives.flatMap((drive, index) => (isWritable(drive) ? [snapshotDisk(index)] : []));
  return [memory, state, ...disks, firmware];
}

/** Name of the file with what the guest wrote to a disk. */
function snapshotDisk(index: number): string {
  return index === 0 ? 'disk.qcow2' : `disk${index}.qcow2`;
}

/** What QEMU's container must know of a machine. */
export type MachineNeeds = Pick<MachineSpec, 'machine' | 'memoryMiB' | 'extra'>;

/**
 * The files that QEMU needs for a testbed.
 * @param extra - the additional arguments of QEMU; if they name a file beside the disk image, QEMU sees the whole folder
 */
export function sharedFiles(disk: InspectedDisks, extra: readonly string[], snapshot: SnapshotUse | undefined): SharedFiles {
  const named = needsImageFolder(extra) ? configuredImage(disk) : undefined;
  const folder = named === undefined ? undefined : dirname(named);
  const whole = folder === undefined ? [] : [{ path: folder, inside: imageFolder }];
  const single = disk.drives.flatMap((drive, index) =>
    imageFiles(drive, index).filter(({ path }) => !isIn(folder, drive, index, path)),
  );
  return {
    images: [...whole, ...single],
    ...(disk.named ? { named: disk.named } : {}),
    snapshot: snapshot && { path: snapshot.directory, readOnly: snapshot.use === 'restore' && canReadOnly(disk) },
  };
}

/** The first configured image. Additional arguments of QEMU see its folder as `/alpy/image`. */
export function configuredImage({ drives }: InspectedDisks): string | undefined {
  return drives.find(({ source }) => source !== undefined)?.source;
}

function imageFiles({ image, isUnpacked }: Drive, index: number): SharedFiles['images'] {
  if (!image) return [];
  const inside = folderInside(index, isUnpacked);
  return image.files.map(({ path }) => ({ path, inside: join(inside, relative(dirname(image.path), path)) }));
}

/** Whether QEMU sees a file at its place already, because it sees the folder. */
function isIn(folder: string | undefined, { isUnpacked }: Drive, index: number, path: string): boolean {
  return folder !== undefined && folderInside(index, isUnpacked) === imageFolder && isWithin(folder, path);
}

/** The folder in which QEMU sees the image of a drive. */
function folderInside(index: number, isUnpacked: boolean): string {
  return index === 0 && !isUnpacked ? imageFolder : `${copiedFolder}/drive${index}`;
}

/** Whether additional arguments of QEMU name a file in the folder of the disk image. */
export function needsImageFolder(extra: readonly string[]): boolean {
  return extra.some((argument) => argument.includes(imageFolder.slice(1)));
}

/** Whether QEMU can map a snapshot's memory copy-on-write from a read-only file. */
function canReadOnly({ qemuVersion }: InspectedDisks): boolean {
  return isAtLeast(qemuVersion, fileUri);
}

/** The container in which QEMU sees these files. Pure. */
export function qemuContainerSpec(
  image: string,
  access: FileAccess,
  files: SharedFiles,
  accel: MachineSpec['accel'],
  machine: MachineNeeds,
): QemuContainerSpec {
  return {
    image,
    devices: ['/dev/net/tun', ...(accel === 'kvm' && !isArm(machine.machine) ? ['/dev/kvm'] : [])],
    memoryMiB: qemuMemoryMiB(machine),
    mounts: access.kind === 'bind' ? mountsFor(files) : [],
    volumesFrom: access.kind === 'volumes-from' ? [access.container] : [],
    volumes: access.kind === 'copy' ? [copiedFolder] : [],
  };
}

function mountsFor({ images, named = [], snapshot }: SharedFiles): readonly Mount[] {
  const ofImages = images.map(({ path, inside }) => ({ source: path, target: inside, readOnly: true }));
  const mounts = [...ofImages, ...mountsOf(named)];
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

/**
 * The folder with everything that QEMU writes for one testbed, as QEMU sees it. Pure.
 * @param exchange - its path on this machine
 */
export function runFolderOf(access: FileAccess, exchange: string): string {
  return access.kind === 'volumes-from' ? exchange : runFolder; // with volumes-from, the paths are the same inside and outside
}

/** Folders as QEMU sees them. */
export interface ContainerPaths {
  readonly run: string;
  /** the image of each drive; empty for an empty disk */
  readonly images: readonly string[];
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
  const inside = ({ image, isUnpacked }: Drive, index: number): string =>
    image ? join(folderInside(index, isUnpacked), basename(image.path)) : '';
  if (access.kind === 'volumes-from') {
    const images = disk.drives.map(({ image }) => image?.path ?? '');
    return { run: runFolderOf(access, exchange), images, snapshot: snapshot?.directory ?? '', placeOf };
  }
  return {
    run: runFolderOf(access, exchange),
    images: disk.drives.map(inside),
    snapshot: snapshot && files.snapshot ? join(snapshotFolder, relative(files.snapshot.path, snapshot.directory)) : '',
    placeOf,
  };
}

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
  const overlays = snapshot?.use === 'make' ? disk.drives.flatMap((drive, index) => overlayCommands(drive, index, paths)) : [];
  const template = firmwareFiles(machine, paths.placeOf)?.variables;
  const variables =
    template !== undefined && snapshot?.use === 'restore' ? join(paths.snapshot, snapshotFiles.firmware) : template;
  return [
    quoteWords(['mkdir', '-p', scratchDirectory]),
    ...(seed ? [writeSeed(seed, join(scratchDirectory, seedFile))] : []),
    ...overlays.map(quoteWords),
    ...(variables === undefined ? [] : [quoteWords(['cp', variables, firmwareFile(snapshot, folders)])]),
    ...(machine.tpm === undefined ? [] : startTpm(machine.tpm, scratchDirectory)),
  ].join('\n');
}

/** The command that creates the file to which the guest's writes go when a snapshot is made. */
function overlayCommands(drive: Drive, index: number, paths: ContainerPaths): readonly (readonly string[])[] {
  if (!isWritable(drive)) return [];
  const file = join(paths.snapshot, snapshotDisk(index));
  const create = ['qemu-img', 'create', '-q', '-f', 'qcow2'];
  const { image, virtualBytes } = drive;
  if (!image) return [[...create, file, String(virtualBytes)]];
  return [[...create, '-F', image.format, '-b', paths.images[index] ?? '', file]];
}

/** The shell command that starts QEMU. Pure. */
export function qemuCommand({ machine, disk, seed, snapshot }: HypervisorSpec, hypervisor: HypervisorPaths): string {
  const { containerPaths: paths, qmpSocket, serialSocket } = hypervisor;
  const machinePaths: MachinePaths = {
    drive: (index) => driveFile(disk.drives[index], index, snapshot, paths),
    ...(seed ? { seed: join(hypervisor.scratchDirectory, seedFile) } : {}),
    qmpSocket,
    serialSocket,
    firmwareCode: firmwareFiles(machine, paths.placeOf)?.code ?? '',
    firmwareVariables: firmwareFile(snapshot, hypervisor),
    ...(machine.tpm === undefined ? {} : { tpmSocket: tpmSocket(hypervisor.scratchDirectory) }),
    capture: (file) => join(paths.run, file),
    placeOf: paths.placeOf,
    memory: snapshot && { path: join(paths.snapshot, snapshotFiles.memory), use: memoryUse(disk, snapshot.use) },
    isIncoming: snapshot?.use === 'restore',
  };
  return quoteWords([programOf(machine.machine), '-sandbox', sandbox(disk), ...machineArguments(machine, machinePaths)]);
}

/** Older versions of QEMU start a shell to save and load a snapshot. */
function sandbox({ qemuVersion }: InspectedDisks): string {
  return qemuSandbox(isAtLeast(qemuVersion, fileUri) ? 'deny' : 'allow');
}

function driveFile(drive: Drive | undefined, index: number, snapshot: SnapshotUse | undefined, paths: ContainerPaths): DriveFile {
  const { image, virtualBytes = 0 } = drive ?? {};
  const own = image && { path: paths.images[index] ?? '', format: image.format };
  if (!snapshot || !drive || !isWritable(drive)) return own ? { ...own, isWritten: false } : { emptyBytes: virtualBytes };
  const path = join(paths.snapshot, snapshotDisk(index));
  return { path, format: 'qcow2', isWritten: snapshot.use === 'make', ...(own && { backing: own }) };
}

/** Where QEMU writes the firmware's variables: into the snapshot that it makes, else into its scratch directory. */
function firmwareFile(snapshot: SnapshotUse | undefined, { containerPaths: paths, scratchDirectory }: HypervisorFolders): string {
  return join(snapshot?.use === 'make' ? paths.snapshot : scratchDirectory, snapshotFiles.firmware);
}

function memoryUse(disk: InspectedDisks, use: SnapshotUse['use']): NonNullable<MachinePaths['memory']>['use'] {
  if (use === 'make') return 'write';
  return canReadOnly(disk) ? 'copy-on-write of a file that may not be written' : 'copy-on-write';
}

/** Quotes a command for a shell. */
function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}

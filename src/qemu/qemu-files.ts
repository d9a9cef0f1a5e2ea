// SPDX-License-Identifier: GPL-3.0-or-later
import { basename, dirname, join, relative } from 'node:path';
import { quoteWord } from '../core/text.ts';
import type { FileAccess, LifelineSpec, Mount } from '../docker/index.ts';
import type { DiskImage } from './disk-image.ts';
import { machineArguments, type DiskFile, type MachinePaths, type MachineSpec } from './machine.ts';
import { fileUri } from './state.ts';
import { isAtLeast } from './version.ts';

/** What a hypervisor needs to start. */
export interface HypervisorSpec {
  readonly machine: MachineSpec;
  readonly disk: DiskImage;
  /** absolute path of the folder for captures on this machine */
  readonly directory: string;
  readonly snapshot?: SnapshotUse | undefined;
}

/** A snapshot to make or to restore: the path of its folder on this machine. */
export interface SnapshotUse {
  readonly directory: string;
  readonly use: 'make' | 'restore';
}

/** Absolute paths of the folders of this machine below which QEMU finds all its files. */
export interface SharedFolders {
  /** for captures */
  readonly run: string;
  readonly image: string;
  readonly snapshot?: { readonly path: string; readonly readOnly: boolean } | undefined;
}

/** Names of the files in a snapshot's folder. */
export const snapshotFiles = { memory: 'memory', state: 'state', disk: 'disk.qcow2', firmware: 'firmware.fd' } as const;

/** The folders that QEMU needs for a testbed: that of the disk image as a whole, because a backing file may be in it. */
export function sharedFolders({ disk, directory, snapshot }: Omit<HypervisorSpec, 'machine'>): SharedFolders {
  return {
    run: directory,
    image: dirname(disk.path),
    snapshot: snapshot && { path: snapshot.directory, readOnly: snapshot.use === 'restore' && canReadOnly(disk) },
  };
}

/** Whether QEMU can map a snapshot's memory copy-on-write from a read-only file. */
function canReadOnly({ qemuVersion }: DiskImage): boolean {
  return isAtLeast(qemuVersion, fileUri);
}

/** The lifeline in which QEMU sees these folders. Pure. */
export function lifelineSpec(
  image: string,
  access: FileAccess,
  folders: SharedFolders,
  accel: MachineSpec['accel'],
): LifelineSpec {
  return {
    image,
    devices: ['/dev/net/tun', ...(accel === 'kvm' ? ['/dev/kvm'] : [])],
    mounts: access.kind === 'bind' ? mountsFor(folders) : [],
    volumesFrom: access.kind === 'volumes-from' ? [access.container] : [],
  };
}

function mountsFor({ run, image, snapshot }: SharedFolders): readonly Mount[] {
  const mounts = [
    { source: image, target: imageFolder, readOnly: true },
    { source: run, target: runFolder, readOnly: false },
  ];
  return snapshot ? [...mounts, { source: snapshot.path, target: snapshotFolder, readOnly: snapshot.readOnly }] : mounts;
}

const runFolder = '/alpy/run';
const snapshotFolder = '/alpy/snapshot';
/** Where QEMU sees the folder of the disk image, unless paths are the same inside and outside. */
export const imageFolder = '/alpy/image';

/** Folders as QEMU sees them. */
export interface ContainerPaths {
  readonly run: string;
  readonly image: string;
  readonly snapshot: string;
}

/** Translates the folders of a hypervisor, which are below the shared ones, into paths that QEMU sees. Pure. */
export function containerPaths(
  access: FileAccess,
  folders: SharedFolders,
  { disk, directory, snapshot }: HypervisorSpec,
): ContainerPaths {
  if (access.kind === 'volumes-from') {
    return { run: directory, image: dirname(disk.path), snapshot: snapshot?.directory ?? '' }; // the paths are the same inside and outside
  }
  return {
    run: join(runFolder, relative(folders.run, directory)),
    image: join(imageFolder, relative(folders.image, dirname(disk.path))),
    snapshot: snapshot && folders.snapshot ? join(snapshotFolder, relative(folders.snapshot.path, snapshot.directory)) : '',
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
export function prepareScript({ machine, disk, snapshot }: HypervisorSpec, folders: HypervisorFolders): string {
  const { containerPaths: paths, scratchDirectory } = folders;
  const image = imagePath(paths, disk);
  const newDisk = join(paths.snapshot, snapshotFiles.disk);
  const overlay = ['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', disk.format, '-b', image, newDisk];
  const firmware = snapshot?.use === 'restore' ? join(paths.snapshot, snapshotFiles.firmware) : firmwareTemplate;
  return [
    quoteWords(['mkdir', '-p', scratchDirectory]),
    ...(snapshot?.use === 'make' ? [quoteWords(overlay)] : []),
    ...(machine.firmware === 'uefi' ? [quoteWords(['cp', firmware, firmwareFile(snapshot, folders)])] : []),
  ].join('\n');
}

/** The shell command that starts QEMU. Pure. */
export function qemuCommand({ machine, disk, snapshot }: HypervisorSpec, hypervisor: HypervisorPaths): string {
  const { containerPaths: paths, qmpSocket, serialSocket } = hypervisor;
  const machinePaths: MachinePaths = {
    disk: diskFile(disk, snapshot, paths),
    qmpSocket,
    serialSocket,
    firmwareCode,
    firmwareVariables: firmwareFile(snapshot, hypervisor),
    capture: (file) => join(paths.run, file),
    memory: snapshot && { path: join(paths.snapshot, snapshotFiles.memory), use: memoryUse(disk, snapshot.use) },
    isIncoming: snapshot?.use === 'restore',
  };
  return quoteWords(['qemu-system-x86_64', ...machineArguments(machine, machinePaths)]);
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

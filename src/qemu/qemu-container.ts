// SPDX-License-Identifier: GPL-3.0-or-later
import { basename, dirname, join } from 'node:path';
import { Container, type Engine, type FileAccess, type Lifeline, type Mount } from '../docker/index.ts';
import type { DiskImage } from './disk-image.ts';
import { machineArguments, type MachinePaths, type MachineSpec } from './machine.ts';
import { fileUri } from './state.ts';
import { isAtLeast } from './version.ts';

/** What a hypervisor is made of. */
export interface HypervisorSpec {
  readonly machine: MachineSpec;
  readonly disk: DiskImage;
  /** absolute path of the folder for captures, as this process sees it */
  readonly directory: string;
  readonly snapshot?: SnapshotUse | undefined;
}

/** A folder of a snapshot's files, as this process sees it: where to make one, or from which to start. */
export interface SnapshotUse {
  readonly directory: string;
  readonly use: 'make' | 'restore';
}

/** Where it runs. */
export interface HypervisorPlace {
  readonly engine: Engine;
  readonly lifeline: Lifeline;
  /** the `qemu` image */
  readonly image: string;
  readonly access: FileAccess;
}

/** Folder of QEMU's container under which it finds its files, and of the lifeline's volume when they have to be copied. */
export const alpyFolder = '/alpy';

const ownFolder = '/var/tmp';
/** Where the guest's serial port is, in the container. */
export const serialSocket = '/var/tmp/serial';
const firmwareCode = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const firmwareTemplate = '/usr/share/OVMF/OVMF_VARS_4M.fd';

/**
 * Makes the overlay, and a copy of the firmware's variables, of the testbed's own; then becomes QEMU. -u: the backing file is
 * not looked at, since its own backing file may have another path here than it says.
 */
const script = `set -e
qemu-img create -q -u -f qcow2 -F "$1" -b "$2" "$3" "$4"
cat "$5" >"$6"
shift 6
exec qemu-system-x86_64 "$@"`;

/** Folders as QEMU sees them. */
export interface SeenFolders {
  readonly run: string;
  readonly image: string;
  readonly snapshot: string;
}

/** Files of a snapshot, in a folder of their own. */
export const snapshotFiles = { memory: 'memory', state: 'state', disk: 'disk.qcow2', firmware: 'firmware.fd' } as const;

/** Starts the container that becomes QEMU. @throws ContainerError when the daemon refuses */
export async function startContainer(
  { engine, lifeline, image, access }: HypervisorPlace,
  { machine, disk, directory, snapshot }: HypervisorSpec,
  signal?: AbortSignal,
): Promise<{ readonly seen: SeenFolders; readonly container: Container }> {
  const isCopy = access.kind === 'copy';
  const seen: SeenFolders =
    access.kind === 'volumes-from' // then the paths are ours
      ? { run: directory, image: dirname(disk.path), snapshot: snapshot?.directory ?? '' }
      : { run: `${alpyFolder}/run`, image: `${alpyFolder}/image`, snapshot: `${alpyFolder}/snapshot` };
  if (isCopy) {
    const captures = machine.nics.map((_, link) => ({ path: captureFile(seen.run, link), content: '', mode: 0o666 }));
    const content = { file: disk.path };
    await lifeline.container.write([{ path: join(seen.image, basename(disk.path)), content }, ...captures], signal);
  }
  const container = await Container.start(
    engine,
    {
      name: 'qemu',
      image,
      entrypoint: ['sh', '-c', script, 'sh'],
      command: commandFor(seen, machine, disk, snapshot?.use),
      networkMode: lifeline.namespaces,
      pidMode: lifeline.namespaces,
      startsAfter: lifeline.running,
      sharedMemory: false,
      dropAllCapabilities: true,
      addCapabilities: ['NET_ADMIN'],
      devices: ['/dev/net/tun', ...(machine.accel === 'kvm' ? ['/dev/kvm'] : [])],
      mounts: access.kind === 'bind' ? mountsFor(directory, disk, snapshot) : [],
      volumesFrom: access.kind === 'volumes-from' ? [access.container] : isCopy ? [lifeline.volumesFrom] : [],
    },
    signal,
  );
  return { seen, container };
}

/** What follows {@link script}: its six words, then the arguments of QEMU. */
function commandFor(seen: SeenFolders, machine: MachineSpec, disk: DiskImage, use?: SnapshotUse['use']): readonly string[] {
  const image = join(seen.image, basename(disk.path));
  const inSnapshot = (file: keyof typeof snapshotFiles): string => join(seen.snapshot, snapshotFiles[file]);
  const own = { disk: join(ownFolder, snapshotFiles.disk), firmware: join(ownFolder, snapshotFiles.firmware) };
  const overlay = use === 'make' ? inSnapshot('disk') : own.disk;
  const firmwareVariables = use === 'make' ? inSnapshot('firmware') : own.firmware;
  const backing = use === 'restore' ? ['qcow2', inSnapshot('disk')] : [disk.format, image];
  const capture = (link: number): string => captureFile(seen.run, link);
  const paths: MachinePaths = {
    disk: overlay,
    serialSocket,
    firmwareCode,
    firmwareVariables,
    capture,
    ...(use === undefined ? {} : { memory: { path: inSnapshot('memory'), use: memoryUse(disk.qemuVersion, use) } }),
    ...(use === 'restore'
      ? { isIncoming: true, snapshotDisk: { path: inSnapshot('disk'), image, imageFormat: disk.format } }
      : {}),
  };
  const firmware = use === 'restore' ? inSnapshot('firmware') : firmwareTemplate;
  return [...backing, overlay, String(disk.virtualBytes), firmware, firmwareVariables, ...machineArguments(machine, paths)];
}

function memoryUse(qemuVersion: string, use: SnapshotUse['use']): NonNullable<MachinePaths['memory']>['use'] {
  if (use === 'make') return 'write';
  return isAtLeast(qemuVersion, fileUri) ? 'copy-on-write of a file that may not be written' : 'copy-on-write';
}

function mountsFor(directory: string, disk: DiskImage, snapshot: SnapshotUse | undefined): readonly Mount[] {
  const mounts = [
    // the whole folder of the image, since a backing file lies beside it
    { source: dirname(disk.path), target: `${alpyFolder}/image`, readOnly: true },
    { source: directory, target: `${alpyFolder}/run`, readOnly: false },
  ];
  if (!snapshot) return mounts;
  const readOnly = snapshot.use === 'restore' && isAtLeast(disk.qemuVersion, fileUri);
  return [...mounts, { source: snapshot.directory, target: `${alpyFolder}/snapshot`, readOnly }];
}

/** The pcap of a link in a folder. */
export function captureFile(directory: string, link: number): string {
  return join(directory, `link${String(link)}.pcap`);
}

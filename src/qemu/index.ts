// SPDX-License-Identifier: GPL-3.0-or-later
export { chooseAccel, probeKvm, type Accel } from './accel.ts';
export { inspectFiles, keyPlacesOf, withPlaces, withPlacesIn, type ApplianceFile, type NamedPath } from './appliance-files.ts';
export { findArgumentFiles } from './argument-files.ts';
export { imageNameOf, isArm, programOf, type MachineType } from './machine-type.ts';
export { machineArguments, type MachineSpec } from './machine.ts';
export type { NicModel } from './nic-arguments.ts';
export { GuestClock } from './clock.ts';
export type { DiskFormat, DiskImage } from './disk-image.ts';
export {
  allFilesOf,
  configuredFiles,
  driveIds,
  isDriveId,
  isWritable,
  onBus,
  type Drive,
  type DriveSpec,
  type InspectedDisks,
} from './drives.ts';
export { inspectDisks, type DiskQuestion } from './inspect-disks.ts';
export { readDiskStart } from './disk-start.ts';
export {
  ApplianceFileError,
  DiskImageError,
  DiskIoError,
  HypervisorError,
  QmpClosedError,
  QmpError,
  QmpTimeoutError,
} from './errors.ts';
export { identify, assertUnchanged, type FileIdentity } from './file-identity.ts';
export { Hypervisor } from './hypervisor.ts';
export { Junction } from './junction.ts';
export {
  qemuContainerSpec,
  runMount,
  sharedFiles,
  configuredImage,
  snapshotFileNames,
  snapshotFiles,
  type HypervisorSpec,
  type SharedFiles,
  type SnapshotUse,
} from './qemu-files.ts';
export { QemuContainer, type QemuContainerSpec } from './qemu-container.ts';
export type { QmpEvent } from './qmp-messages.ts';
export { QmpClient } from './qmp.ts';
export { NicFilter, type FilteredQueue, type FilterPlace, type NicQueue } from './relay/nic-filter.ts';
export type { FrameCounts, RelaySettings } from './relay/relay-text.ts';
export { isoImage } from './iso9660.ts';
export { assertNamedReadable } from './readable.ts';
export type { UnpackedImages } from './unpack/unpacked-images.ts';
export { readTextScreen } from './text-screen.ts';
export { Uplink } from './uplink.ts';
export { uplinkProblem } from './uplink-network.ts';

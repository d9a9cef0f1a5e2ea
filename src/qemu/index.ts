// SPDX-License-Identifier: GPL-3.0-or-later
export { chooseAccel, probeKvm, type Accel, type AccelChoice, type KvmProbe, type KvmVerdict } from './accel.ts';
export { findArgumentFiles, type ArgumentFiles } from './argument-files.ts';
export { clockBase, diskId, machineArguments, type MachineSpec, type NicModel } from './machine.ts';
export { GuestClock } from './clock.ts';
export type { DiskFormat, DiskImage } from './disk-image.ts';
export { inspectDisk, type DiskPlace } from './disk-probe.ts';
export {
  DiskImageError,
  DiskIoError,
  HypervisorError,
  QmpClosedError,
  QmpError,
  QmpProtocolError,
  QmpTimeoutError,
} from './errors.ts';
export { identify, assertUnchanged, type FileIdentity } from './file-identity.ts';
export { Hypervisor, type HypervisorPlace } from './hypervisor.ts';
export {
  lifelineSpec,
  sharedFolders,
  snapshotFiles,
  type HypervisorSpec,
  type SharedFolders,
  type SnapshotUse,
} from './qemu-files.ts';
export type { QmpEvent } from './qmp-messages.ts';
export { QmpClient, type EventWait } from './qmp.ts';
export { readTextScreen } from './text-screen.ts';

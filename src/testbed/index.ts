// SPDX-License-Identifier: GPL-3.0-or-later
export { Apps } from './apps.ts';
export type { Appliance } from './dut-parts.ts';
export { DutPower } from './dut-power.ts';
export { Dut } from './dut.ts';
export { BootError, GuestLostError } from './errors.ts';
export { TestbedFactory, type FactoryOptions, type TestbedRequest } from './factory.ts';
export { inspectHost, checkSnapshotSupport, type FileFacts, type HostFacts, type HostQuestions } from './host.ts';
export { Link } from './link.ts';
export type { FlapOptions, ImpairOptions } from './faults/impair-options.ts';
export { LinkFault } from './faults/link-fault.ts';
export { fileKeysText } from './named-files.ts';
export { LifelinePool } from './lifelines.ts';
export { Services } from './services.ts';
export type { Once, SnapshotSpec } from './snapshot.ts';
export { seedPaths } from './seed.ts';
export { NotReadyError } from './ready/errors.ts';
export type { SnapshotPlace } from './snapshot-place.ts';
export { CreatedTestbed, Testbed } from './testbed.ts';

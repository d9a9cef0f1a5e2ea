// SPDX-License-Identifier: GPL-3.0-or-later
export { Apps } from './apps.ts';
export { createTestbed, type TestbedSpec } from './create.ts';
export type { Appliance } from './dut-parts.ts';
export { Dut } from './dut.ts';
export { BootError, GuestLostError } from './errors.ts';
export {
  inspectApplianceDisk,
  inspectHost,
  checkSnapshotSupport,
  type FileFacts,
  type HostFacts,
  type HostQuestions,
} from './host.ts';
export { Link } from './link.ts';
export { LifelinePool } from './lifelines.ts';
export { provideSnapshot, type SnapshotSpec } from './snapshot.ts';
export { tryBoot } from './try-boot.ts';
export { Testbed } from './testbed.ts';

// SPDX-License-Identifier: GPL-3.0-or-later
export { Apps } from './apps.ts';
export { createTestbed, type TestbedSpec } from './create.ts';
export { Dut, timeFactorOf, type Appliance } from './dut.ts';
export { BootError, GuestLostError } from './errors.ts';
export { inspectApplianceDisk, inspectHost, type HostFacts, type HostQuestions } from './host.ts';
export { Link } from './link.ts';
export { tryBoot } from './try-boot.ts';
export { Testbed } from './testbed.ts';

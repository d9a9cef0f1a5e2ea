// SPDX-License-Identifier: GPL-3.0-or-later
// Separate from open-vitest.ts, which loads Vitest.
import type { Config } from '../config/index.ts';

/** How long the creation and tear-down of a testbed may take without the boot, in `ms`. */
export const setUpAllowanceMs = 180_000;

/**
 * Vitest's timeout of a test. It includes the creation of the testbed, and the waits for other boots and tests. To make their snapshots,
 * the devices boot one after the other. Pure.
 */
export function testTimeoutMs(
  { tests, devices }: Pick<Config, 'tests' | 'devices'>,
  timeFactor: number,
  workers: number,
): number {
  const bootsMs = devices.reduce((sum, { appliance }) => sum + appliance.bootTimeoutMs, 0);
  const testMs = (tests.timeoutMs + bootsMs) * timeFactor + setUpAllowanceMs;
  return workers > 1 ? 2 * testMs : testMs;
}

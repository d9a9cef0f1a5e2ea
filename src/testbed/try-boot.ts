// SPDX-License-Identifier: GPL-3.0-or-later
import type { Engine } from '../docker/index.ts';
import { createTestbed } from './create.ts';
import { inspectApplianceDisk, type HostFacts } from './host.ts';
import { resolveTopology } from '../topology/index.ts';
import type { Appliance } from './dut-parts.ts';

/**
 * Boots an appliance once, without links, to see whether its disk image is any good.
 * @param directory - absolute path of a folder for its console log
 * @returns how long it took to boot, in `ms`
 * @throws BootError, GuestLostError when it does not boot
 * @throws DiskImageError, HypervisorError, ContainerError, EnvironmentError when it cannot even be tried
 */
export async function tryBoot(
  engine: Engine,
  facts: HostFacts,
  appliance: Appliance,
  directory: string,
  signal?: AbortSignal,
): Promise<number> {
  const disk = await inspectApplianceDisk(engine, facts, appliance, signal);
  const topology = resolveTopology({ links: 0 });
  await using testbed = await createTestbed(engine, facts, { appliance, topology, disk, directory }, signal);
  const startMs = performance.now();
  await testbed.dut.boot(signal ? { signal } : {});
  return performance.now() - startMs;
}

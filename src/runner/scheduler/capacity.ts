// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { availableMemoryMiB, junctionMiB, testbedOverheadMiB, uplinkMiB } from '../../core/memory.ts';
import { guestContainerMiB } from '../../network/guest/arguments.ts'; // not the whole folder, which takes long to load
import type { Accel } from '../../qemu/index.ts';
import { hasNodeLinks } from '../../topology/node-links.ts';
import { isUplink } from '../../topology/uplink.ts';
import type { Topology } from '../../topology/index.ts';
import type { Capacity } from './scheduler.ts';

/** Resources of a machine. */
export interface MachineFacts {
  readonly cores: number;
  /** memory that programs can use without swapping, in MiB */
  readonly availableMiB: number;
}

/** Share of the available memory that is left to other programs. */
const reservedShare = 0.15;

/**
 * Memory of a testbed, in MiB: of its devices, nodes of kind `guest`, uplinks, and what joins nodes on links without a device. Pure.
 * @param devices - the memory of each device's guest
 */
export function testbedMiB(
  devices: readonly { readonly memoryMiB: number }[],
  { nodes, links, segments }: Pick<Topology, 'nodes' | 'links' | 'segments'>,
  accel: Accel,
): number {
  const ofDevices = devices.reduce((sum, { memoryMiB }) => sum + memoryMiB + testbedOverheadMiB[accel], 0);
  const guests = nodes.filter(({ config }) => config?.kind === 'guest').length;
  const uplinks = nodes.filter(({ config }) => isUplink(config)).length;
  const hasJunction = hasNodeLinks({ links, segments });
  return ofDevices + guests * guestContainerMiB + uplinks * uplinkMiB + (hasJunction ? junctionMiB : 0);
}

/** Inspects this machine. The daemon's may be another one, which is not known. */
export async function inspectMachine(): Promise<MachineFacts> {
  const freeMiB = (await availableMemoryMiB()) ?? Math.floor(totalmem() / 1024 ** 2);
  const limit = Number(await readFile('/sys/fs/cgroup/memory.max', 'utf8').catch(() => 'max')); // of the job's container
  const availableMiB = Math.min(freeMiB, Number.isNaN(limit) ? Infinity : Math.floor(limit / 1024 ** 2));
  return { cores: availableParallelism(), availableMiB };
}

/**
 * The resources of a machine that all testbeds together may use. Pure.
 * @param memoryMiB - what the configuration says; absent for most of the available memory
 */
export function capacityOf({ cores, availableMiB }: MachineFacts, accel: Accel, memoryMiB?: number): Omit<Capacity, 'testbeds'> {
  return {
    memoryMiB: memoryMiB ?? Math.floor(availableMiB * (1 - reservedShare)),
    // a booting guest keeps a core busy; with KVM only briefly
    boots: accel === 'kvm' ? cores : Math.max(1, Math.floor(cores / 2)),
  };
}

/** Per core, because tests wait most of the time. Without KVM the benchmark's suite was fastest with this number, among 2 to 4. */
const workersPerCore = 3;

/**
 * Returns the default number of workers: as many as fit. Pure.
 * @param memoryMiB - memory for all testbeds
 * @param testbedMiB - memory of one testbed
 */
export function defaultWorkers(cores: number, memoryMiB: number, testbedMiB: number): number {
  const room = Math.floor(memoryMiB / testbedMiB);
  return Math.max(1, Math.min(cores * workersPerCore, room));
}

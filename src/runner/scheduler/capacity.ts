// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { availableMemoryMiB, testbedOverheadMiB } from '../../core/memory.ts';
import type { Accel } from '../../qemu/index.ts';
import type { Capacity } from './scheduler.ts';

/** What a machine has. */
export interface MachineFacts {
  readonly cores: number;
  /** memory that programs can have without swapping, in MiB */
  readonly availableMiB: number;
}

/** How much of the available memory is left to others. */
const spare = 0.15;

/** What a testbed takes in all, in MiB. */
export function testbedMiB(guestMiB: number, accel: Accel): number {
  return guestMiB + testbedOverheadMiB[accel];
}

/** Looks at the machine; the daemon's may be another one, of which nothing is known. */
export async function inspectMachine(): Promise<MachineFacts> {
  const freeMiB = (await availableMemoryMiB()) ?? Math.floor(totalmem() / 1024 ** 2);
  const limit = Number(await readFile('/sys/fs/cgroup/memory.max', 'utf8').catch(() => 'max')); // of the job's container
  const availableMiB = Math.min(freeMiB, Number.isNaN(limit) ? Infinity : Math.floor(limit / 1024 ** 2));
  return { cores: availableParallelism(), availableMiB };
}

/** What testbeds may have of a machine, however many of them there are. Pure. */
export function capacityOf({ cores, availableMiB }: MachineFacts, accel: Accel): Omit<Capacity, 'testbeds'> {
  return {
    memoryMiB: Math.floor(availableMiB * (1 - spare)),
    // a guest that boots keeps a core busy; with KVM for a short while only
    boots: accel === 'kvm' ? cores : Math.max(1, Math.floor(cores / 2)),
  };
}

/** For each core, since tests wait most of the time: without KVM the benchmark's suite was quickest with so many, among 2 to 4. */
const workersPerCore = 3;

/**
 * How many workers to have: so many as have room. Pure.
 * @param guestMiB - memory of the appliance
 */
export function defaultWorkers(machine: MachineFacts, accel: Accel, guestMiB: number): number {
  const room = Math.floor(capacityOf(machine, accel).memoryMiB / testbedMiB(guestMiB, accel));
  return Math.max(1, Math.min(machine.cores * workersPerCore, room));
}

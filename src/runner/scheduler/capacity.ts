// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { availableMemoryMiB, testbedOverheadMiB } from '../../core/memory.ts';
import type { Accel } from '../../qemu/index.ts';
import type { Capacity } from './scheduler.ts';

/** Resources of a machine. */
export interface MachineFacts {
  readonly cores: number;
  /** memory that programs can use without swapping, in MiB */
  readonly availableMiB: number;
}

/** Share of the available memory that is left to other programs. */
const spare = 0.15;

/** Memory of a testbed with one guest, in MiB; for several, the sum. */
export function testbedMiB(guestMiB: number, accel: Accel): number {
  return guestMiB + testbedOverheadMiB[accel];
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
    memoryMiB: memoryMiB ?? Math.floor(availableMiB * (1 - spare)),
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

// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';

/** What QEMU needs besides the guest's memory, in MiB: itself and, without KVM, at most 256 for its cache of translated code. */
const qemuMiB = { kvm: 100, tcg: 350 };

/** What the process that drives a testbed and the testbed's containers need, in MiB. */
const driverMiB = 200;

/** What a testbed needs besides the guest's memory, by accelerator, in MiB. */
export const testbedOverheadMiB = { kvm: qemuMiB.kvm + driverMiB, tcg: qemuMiB.tcg + driverMiB } as const;

/** Memory of the guest of a node of kind `guest`, in MiB. */
export const guestMemoryMiB = 256;

/**
 * Memory of an uplink, in MiB: two QEMUs without a machine. 35 MB was seen for one on 2026-11-27 (QEMU 10.0.13), which is taken for that of
 * one QEMU, to be safe. The rest is for open connections.
 */
export const uplinkMiB = 80;

/**
 * Memory of the QEMU that joins nodes, in MiB. Its resident memory was 35 MB on 2026-11-28 (QEMU 10.0.13, one link, after 10,000 frames), of which
 * 24 MB are the program and its libraries.
 */
export const junctionMiB = 40;

/** Memory of this machine that programs can get without swapping, in MiB; `undefined` if the kernel does not say. */
export async function availableMemoryMiB(): Promise<number | undefined> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? undefined : Math.floor(Number(kilobytes) / 1024);
}

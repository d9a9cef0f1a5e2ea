// SPDX-License-Identifier: GPL-3.0-or-later
import { argumentValues } from '../core/qemu-arguments.ts';
import type { MachineSpec } from './machine.ts';

/**
 * How much memory a container of QEMU may use besides the guest's, in `MiB`. Measured with QEMU 10.0 and TCG, 30 s into a boot of Rabbit,
 * as the resident memory of QEMU without the mapping of the guest's: 50 MiB with 128 MiB and 2 NICs, 53 with 2048 MiB and 8 NICs. Its cache
 * of translated code may grow to 256 (`tb-size`). tshark, which decodes there, takes 60, and more with each frame that it has to
 * remember. Together that is less than 400; the rest is a margin for long captures, for devices of `qemuArgs`, and for pages that cannot
 * be written back at once. It is a limit, not a reservation, so it may be generous.
 */
const overheadMiB = 2048;

const bytesOfMiB = 1024 * 1024;
const unitMiB: Readonly<Record<string, number>> = { B: 1 / bytesOfMiB, K: 1 / 1024, M: 1, G: 1024, T: 1024 ** 2 };

/** What additional arguments of QEMU may say about memory: the option, its keys, and the unit of a number without one. */
const ownMemory = { option: 'm', keys: ['', 'size', 'maxmem'], unit: 'M' };
const moreMemory = [
  { option: 'object', keys: ['size'], unit: 'B' }, // memory-backend-ram and others
  { option: 'accel', keys: ['tb-size'], unit: 'M' }, // cache of translated code
];

/**
 * The limit of memory of QEMU's container, in `MiB`: that of the guest, what additional arguments add, and QEMU's own. Sizes in files
 * of `-readconfig` do not count. Pure.
 */
export function qemuMemoryMiB({ memoryMiB, extra }: Pick<MachineSpec, 'memoryMiB' | 'extra'>): number {
  const values = argumentValues(extra);
  const sizes = ({ option, keys, unit }: typeof ownMemory): readonly number[] =>
    values.filter((one) => one.option === option && keys.includes(one.key)).map(({ value }) => sizeMiB(value, unit));
  const added = moreMemory.flatMap(sizes).reduce((sum, size) => sum + size, 0);
  return Math.ceil(Math.max(memoryMiB, ...sizes(ownMemory)) + added) + overheadMiB;
}

/** Returns 0 for what is not a size: QEMU refuses it. */
function sizeMiB(text: string, defaultUnit: string): number {
  const [, number = '0', unit = defaultUnit] = /^(\d+(?:\.\d+)?)([bkmgt])?i?b?$/i.exec(text) ?? [];
  return Number(number) * (unitMiB[unit.toUpperCase()] ?? 0);
}

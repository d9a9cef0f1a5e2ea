// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';

/** The devices that `--dut` names: one, or all without it. Pure. @throws UsageError if it names none */
export function chosenDevices<T extends { readonly name: string }>(devices: readonly T[], dut: string | undefined): readonly T[] {
  if (dut === undefined) return devices;
  const chosen = devices.filter(({ name }) => name === dut);
  if (chosen.length > 0) return chosen;
  throw new UsageError(`--dut: expected one of ${devices.map(({ name }) => name).join(', ')}, got ${JSON.stringify(dut)}`);
}

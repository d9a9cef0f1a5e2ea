// SPDX-License-Identifier: GPL-3.0-or-later
import type { Dut } from '../testbed/index.ts';

const names = new WeakMap<object, string>();

/** Lets messages about calls name each of several devices. The only device of a testbed stays `dut`, as tests call it. */
export function nameDevices(duts: readonly Pick<Dut, 'name' | 'console' | 'qmp'>[]): void {
  if (duts.length > 1) for (const dut of duts) for (const part of [dut, dut.console, dut.qmp]) names.set(part, dut.name);
}

/** What messages about calls name a device. @param part - the device, its console or its monitor */
export function deviceLabel(part: object): string {
  return names.get(part) ?? 'dut';
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { Link } from './link.ts';
import { isCpuRunning } from './reset-button.ts';

/**
 * Why the capture of a link stands still now: the device of its first NIC, which records it, is halted. Returns undefined if it
 * records, or if that device's QEMU does not answer.
 */
export async function stoppedCapture({ name, ends }: Pick<Link, 'name' | 'ends'>): Promise<string | undefined> {
  const [recorder, another] = ends.filter((end) => end.kind === 'nic');
  if (!recorder) return undefined;
  const isRunning = await isCpuRunning(recorder.machine.qmp).catch(() => true); // what watches QEMU reports why
  if (isRunning) return undefined;
  const why = `${recorder.name} records ${name}, but ${recorder.dut} is paused, frozen or without power`;
  return another ? `${why}. Put a NIC of a device that keeps running first on ${name}` : why;
}

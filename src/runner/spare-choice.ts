// SPDX-License-Identifier: GPL-3.0-or-later
import type { Config } from '../config/index.ts';
import type { Accel } from '../qemu/index.ts';
import type { Topology } from '../topology/index.ts';

/**
 * Whether to create the testbed of the next test while a test runs. Pure.
 *
 * `auto` creates none for nodes of kind `guest` without KVM. A restored device is halted, but a node's kernel boots, and keeps a core busy
 * for 4 to 7 s. Alpy looks for an idle core only before that, so the boot could slow the running test down. `always` accepts this.
 */
export function wantsSpare(mode: Config['spareTestbeds'], { nodes }: Pick<Topology, 'nodes'>, accel: Accel): boolean {
  if (mode !== 'auto') return mode === 'always';
  return accel === 'kvm' || !nodes.some(({ config }) => config?.kind === 'guest');
}

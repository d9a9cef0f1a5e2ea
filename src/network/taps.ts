// SPDX-License-Identifier: GPL-3.0-or-later
import type { Lifeline } from '../docker/index.ts';
import { ipBatch } from './ip-batch.ts';
import type { Node } from './node.ts';

const timeoutMs = 30_000;

/** A tap of QEMU, and the node's interface that it becomes. */
export interface Tap {
  /** its name until it is moved */
  readonly name: string;
  readonly interface: { readonly name: string; readonly mac: string };
}

/**
 * Creates QEMU's taps while QEMU's container and the nodes still start. They are persistent and belong to QEMU's user, who can
 * therefore open them without a capability. They end with the namespace of their node. Offloads are off, so that frames on the
 * link are like those on a wire: with checksums, and no longer than the MTU.
 * @param user - number of QEMU's user
 * @throws ExecError when the kernel refuses
 */
export async function createTaps(lifeline: Lifeline, taps: readonly Tap[], user: number, signal?: AbortSignal): Promise<void> {
  if (taps.length === 0) return;
  const created = taps.flatMap(({ name, interface: { mac } }) => [
    `tuntap add dev ${name} mode tap user ${user}`,
    `link set ${name} address ${mac}`,
  ]);
  const offloads = taps.map(({ name }) => `ethtool -K ${name} tx off sg off tso off gso off gro off`);
  await lifeline.runShell([ipBatch(created), ...offloads].join('\n'), { timeoutMs, signal });
}

/**
 * Moves a tap into the namespace of its node. QEMU keeps the file descriptor. This needs no helper container: the lifeline
 * has the network namespace of QEMU and the PID namespace of the node.
 * @throws ExecError when the kernel refuses
 */
export async function moveTap(lifeline: Lifeline, tap: Tap, { pid }: Node, signal?: AbortSignal): Promise<void> {
  await lifeline.runShell(`ip link set ${tap.name} netns ${pid} name ${tap.interface.name}`, { timeoutMs, signal });
}

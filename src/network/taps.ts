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
 * Sets the addresses of QEMU's taps while the nodes still start, and turns offloads off. Then frames on the link are like those on
 * a wire: with checksums, and no longer than the MTU.
 * @throws ExecError when the kernel refuses
 */
export async function prepareTaps(lifeline: Lifeline, taps: readonly Tap[], signal?: AbortSignal): Promise<void> {
  if (taps.length === 0) return;
  const offloads = taps.map(({ name }) => `ethtool -K ${name} tx off sg off tso off gso off gro off`);
  const addresses = taps.map((tap) => `link set ${tap.name} address ${tap.interface.mac}`);
  await lifeline.runShell([...offloads, ipBatch(addresses)].join('\n'), { timeoutMs, signal });
}

/**
 * Moves a tap into the namespace of its node. QEMU keeps the file descriptor. This needs no helper container: the lifeline
 * shares the network namespace of QEMU and the PID namespace of the node.
 * @throws ExecError when the kernel refuses
 */
export async function moveTap(lifeline: Lifeline, tap: Tap, { pid }: Node, signal?: AbortSignal): Promise<void> {
  await lifeline.runShell(`ip link set ${tap.name} netns ${pid} name ${tap.interface.name}`, { timeoutMs, signal });
}

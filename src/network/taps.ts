// SPDX-License-Identifier: GPL-3.0-or-later
import type { Lifeline } from '../docker/index.ts';
import { tapName } from '../qemu/index.ts';
import { ipBatch } from './ip-batch.ts';
import { nodeDevice, type Node } from './node.ts';

const timeoutMs = 30_000;

/**
 * Makes QEMU's taps what nodes need, while those still start. Offloads go off, so that frames on the link are as they would be
 * on a wire: with their checksums, and no longer than the MTU.
 * @param macs - hardware address of each node
 * @throws ExecError when the kernel refuses
 */
export async function prepareTaps(lifeline: Lifeline, macs: readonly string[], signal?: AbortSignal): Promise<void> {
  if (macs.length === 0) return;
  const offloads = macs.map((_, index) => `ethtool -K ${tapName(index)} tx off sg off tso off gso off gro off`);
  const addresses = macs.map((mac, index) => `link set ${tapName(index)} address ${mac}`);
  await lifeline.runShell([...offloads, ipBatch(addresses)].join('\n'), { timeoutMs, signal });
}

/**
 * Moves the tap of QEMU's NIC into the namespace of its node. QEMU keeps the file descriptor. It needs no helper container:
 * the lifeline shares the network namespace of QEMU and the PID namespace in which the node is found.
 * @throws ExecError when the kernel refuses
 */
export async function moveTap(lifeline: Lifeline, { index, pid }: Node, signal?: AbortSignal): Promise<void> {
  const command = `ip link set ${tapName(index)} netns ${pid} name ${nodeDevice}`;
  await lifeline.runShell(command, { timeoutMs, signal });
}

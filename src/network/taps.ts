// SPDX-License-Identifier: GPL-3.0-or-later
import type { Lifeline } from '../docker/index.ts';
import { tapName } from '../qemu/index.ts';
import { ipBatch } from './ip-batch.ts';
import { nodeDevice, type Node } from './node.ts';

/**
 * Moves each of QEMU's taps into the namespace of its node, all in one go. QEMU keeps the file descriptors. It needs no
 * helper container: the lifeline shares the network namespace of QEMU and the PID namespace in which the nodes are found.
 * @throws ExecError when the kernel refuses
 */
export async function moveTaps(lifeline: Lifeline, nodes: readonly Node[], signal?: AbortSignal): Promise<void> {
  if (nodes.length === 0) return;
  const lines = nodes.map(({ index, pid }) => `link set ${tapName(index)} netns ${String(pid)} name ${nodeDevice}`);
  await lifeline.runShell(ipBatch(lines), { timeoutMs: 30_000, signal });
}

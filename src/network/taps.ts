// SPDX-License-Identifier: GPL-3.0-or-later
import { tapName, type Hypervisor } from '../qemu/index.ts';
import { nodeDevice, type Node } from './node.ts';

/**
 * Moves each of QEMU's taps into the namespace of its node, all in one go. QEMU keeps the file descriptors. It needs no
 * helper container: QEMU's own holds the taps, and shares the PID namespace in which the nodes are found.
 * @throws ExecError when the kernel refuses
 */
export async function moveTaps(hypervisor: Hypervisor, nodes: readonly Node[], signal?: AbortSignal): Promise<void> {
  if (nodes.length === 0) return;
  const lines = nodes.map(({ index, pid }) => `ip link set ${tapName(index)} netns ${String(pid)} name ${nodeDevice}`);
  await hypervisor.runShell(lines.join('\n'), { timeoutMs: 30_000, signal });
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { step } from '../core/step.ts';
import type { Lifeline } from '../docker/index.ts';
import { createTaps as create, moveTap, type Node, type Tap } from '../network/index.ts';
import { qemuUser } from '../qemu/index.ts';
import type { NodeLink } from '../topology/index.ts';

/** Creates the taps of QEMU's NICs. @throws ExecError when the kernel refuses */
export async function createTaps(lifeline: Lifeline, links: readonly NodeLink[], signal: AbortSignal): Promise<void> {
  await create(lifeline, links.map(tapOf), qemuUser, signal);
}

/** Connects a node to its NIC, through the NIC's tap, which QEMU has opened. @throws ExecError when the kernel refuses */
export async function connect(lifeline: Lifeline, link: NodeLink, node: Node, signal: AbortSignal): Promise<void> {
  await step('alpy.network', `Connect ${node.name}`, async () => {
    await moveTap(lifeline, tapOf(link), node, signal);
    await node.bringUp({ signal });
  });
}

function tapOf({ nic, interface: device }: NodeLink): Tap {
  return { name: nic.tap, interface: device };
}

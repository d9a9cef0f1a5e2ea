// SPDX-License-Identifier: GPL-3.0-or-later
import { step } from '../core/step.ts';
import type { Lifeline } from '../docker/index.ts';
import { moveTap, prepareTaps, type Node, type Tap } from '../network/index.ts';
import type { NodeLink } from '../topology/index.ts';

/** Prepares the taps of QEMU's NICs for their nodes. @throws ExecError when the kernel refuses */
export async function prepareLinks(lifeline: Lifeline, links: readonly NodeLink[], signal: AbortSignal): Promise<void> {
  await prepareTaps(lifeline, links.map(tapOf), signal);
}

/** Connects a node to its NIC, through a tap that is prepared. @throws ExecError when the kernel refuses */
export async function connect(lifeline: Lifeline, link: NodeLink, node: Node, signal: AbortSignal): Promise<void> {
  await step('alpy.network', `Connect ${node.name}`, async () => {
    await moveTap(lifeline, tapOf(link), node, signal);
    await node.bringUp({ signal });
  });
}

function tapOf({ nic, interface: device }: NodeLink): Tap {
  return { name: nic.tap, interface: device };
}

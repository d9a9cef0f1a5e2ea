// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import { nodeNames, nodeProblems, type NodeConfig } from '../topology/index.ts';
import { nodeConfig } from '../topology/schemas.ts';

type Nodes = Readonly<Record<string, NodeConfig>>;

/** Addresses, routes and services of nodes, by their names. */
export const NodesSchema = z.record(z.string(), nodeConfig) as unknown as z.ZodType<Nodes, Nodes>;

/** Reports nodes that the topology does not have, and values that do not fit together. */
export function checkNodes({ links, nodes = {} }: { links: number; nodes?: Nodes | undefined }, context: z.RefinementCtx): void {
  if (context.issues.length > 0) return; // then values may have any type
  const names = nodeNames({ links });
  for (const [name, node] of Object.entries(nodes)) {
    if (!names.includes(name)) {
      const message = names.length > 0 ? `one of the nodes ${names.join(', ')}` : 'no nodes, because there are no links';
      context.addIssue({ code: 'custom', path: ['nodes', name], message });
    }
    for (const { path, expected } of nodeProblems(node))
      context.addIssue({ code: 'custom', path: ['nodes', name, ...path], message: expected });
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { replaceFile } from '../core/plain-file.ts';
import { imageNamed } from '../images/resolved-image.ts';
import { hostsText, Node } from '../network/index.ts';
import type { NodeSpec } from '../topology/index.ts';
import type { CreationContext } from './creation.ts';

/** Starts a node, which has no interface but its loopback yet. @throws ContainerError when the daemon refuses */
export async function startNode(context: CreationContext, node: NodeSpec, signal: AbortSignal): Promise<Node> {
  const { engine, facts, started } = context;
  const image = imageNamed(facts.images, 'node').reference;
  const hostsFile = facts.access.kind === 'bind' ? await createHostsFile(context, node) : undefined;
  const place = { engine, lifeline: started.lease.lifeline, image, hostsFile };
  const startedNode = await Node.start(place, node, signal);
  started.nodes.push(startedNode);
  return startedNode;
}

/** One for each node, because a test may change it. */
async function createHostsFile({ spec, started }: CreationContext, node: NodeSpec): Promise<string> {
  const path = join(spec.directory, node.hostsFile);
  started.hostsFiles.push(path);
  await replaceFile(path, hostsText);
  return path;
}

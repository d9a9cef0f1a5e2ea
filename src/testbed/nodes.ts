// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../core/plain-file.ts';
import { findImage } from '../images/inspect.ts';
import { imageNamed } from '../images/resolved-image.ts';
import { hostsText, Node, resolverText, type NodePlace } from '../network/index.ts';
import type { NodeSpec } from '../topology/index.ts';
import type { CreationContext } from './creation.ts';

/** Starts a node, which has no interface but its loopback yet. @throws ContainerError when the daemon refuses */
export async function startNode(context: CreationContext, node: NodeSpec, signal: AbortSignal): Promise<Node> {
  const { engine, facts, started } = context;
  const image = imageNamed(facts.images, 'node').reference;
  const guest = node.config?.kind === 'guest' ? await guestPlace(context, signal) : undefined;
  const isSeen = facts.access.kind === 'bind' && !guest;
  const resolver = node.config?.resolver;
  const hostsFile = isSeen ? await createFile(context, hostsText) : undefined;
  const resolverFile = isSeen && resolver ? await createFile(context, resolverText(resolver)) : undefined;
  const { lifeline, running: startsAfter } = started.lease.group;
  const place = { engine, lifeline, startsAfter, image, guest, hostsFile, resolverFile };
  const startedNode = await Node.start(place, node, signal);
  started.nodes.push(startedNode);
  return startedNode;
}

/** @throws MissingImageError if the image is missing, which only these nodes need */
async function guestPlace({ engine, facts }: CreationContext, signal: AbortSignal): Promise<NodePlace['guest']> {
  const image = imageNamed(facts.images, 'guest');
  await findImage(engine.docker, image, signal);
  return { image: image.reference, accel: facts.accel, timeFactor: facts.timeFactor };
}

/**
 * A file for one node, because a test may change it. A program on the node could even make it a setuid program, so other users of
 * this machine must not find it: its folder cannot be listed, and its name cannot be guessed. They can enter the folder, because
 * a daemon with user namespaces is another user, too. What a killed process leaves is removed with the folders of QEMU's sockets.
 */
async function createFile({ spec, started }: CreationContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(spec.directory, '.alpy'));
  started.hostsFolders.push(folder);
  await chmod(folder, 0o711);
  const path = join(folder, randomBytes(16).toString('hex'));
  await replaceFile(path, text);
  await chmod(path, 0o644); // whatever the umask is
  return path;
}

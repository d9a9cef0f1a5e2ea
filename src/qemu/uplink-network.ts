// SPDX-License-Identifier: GPL-3.0-or-later
import type { Engine } from '../docker/index.ts';

/**
 * Returns the problem if the daemon does not have the network of an uplink. Its text starts with the key.
 * @param node - the node that has the uplink
 * @param name - a network's name or the start of its identifier, or `container:` and a container's name
 * @returns `undefined` if the daemon has the network
 * @throws ContainerError if the daemon does not list its networks
 */
export async function uplinkProblem(
  engine: Engine,
  node: string,
  name: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (name.startsWith('container:')) return undefined; // the daemon says so itself if there is no such container
  const networks = await listNetworks(engine, signal);
  if (name === 'default' || networks.some(({ Name, Id }) => Name === name || Id.startsWith(name))) return undefined;
  const names = networks.map(({ Name }) => Name).sort();
  return `topology.nodes.${node}.uplink: expected a network of the Docker daemon (${names.join(', ')}), got ${JSON.stringify(name)}`;
}

/** The network of `uplink: true`: Docker's `bridge`, or that of the daemon's machine if the daemon runs without it. */
export async function defaultNetwork(engine: Engine, signal: AbortSignal): Promise<string> {
  return (await listNetworks(engine, signal)).some(({ Name }) => Name === 'bridge') ? 'bridge' : 'host';
}

function listNetworks(engine: Engine, signal?: AbortSignal): Promise<readonly { readonly Name: string; readonly Id: string }[]> {
  return engine.call('list the networks', signal, () => engine.docker.listNetworks());
}

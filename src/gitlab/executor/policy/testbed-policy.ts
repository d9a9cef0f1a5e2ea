// SPDX-License-Identifier: GPL-3.0-or-later
import { realpath } from 'node:fs/promises';
import { extname, resolve, sep } from 'node:path';
import { codeOf, UsageError } from '../../../core/errors.ts';
import { guestMemoryMiB } from '../../../core/memory.ts';
import type { Config, LoadedConfig } from '../../../config/index.ts';
import { resolveTopology, type RawTopology } from '../../../topology/index.ts';
import type { Settings } from '../settings.ts';

/**
 * Asserts that a job may use a container image.
 * @param alwaysAllowed - images that `images.allow` need not list
 * @throws UsageError that lists the allowed images
 */
export function assertImageIsAllowed(image: string, alwaysAllowed: readonly string[], { images, file }: Settings): void {
  if (alwaysAllowed.includes(image) || images.allow.some((pattern) => wildcard(pattern).test(image))) return;
  const list = [...alwaysAllowed, ...images.allow].join(', ');
  throw new UsageError(
    `this runner does not run the image ${JSON.stringify(image)}. It allows: ${list} (images.allow in ${file})`,
  );
}

function wildcard(text: string): RegExp {
  const source = text
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`);
}

/**
 * Asserts that a testbed stays within the administrator's limits.
 * @param isRunners - whether the administrator described it; QEMU arguments are then allowed
 * @throws UsageError with everything that exceeds a limit
 */
export function assertWithinLimits(
  { devices, topology }: Config,
  isRunners: boolean,
  { limits, trustJobs, file }: Settings,
): void {
  const sumOf = (key: 'memoryMiB' | 'cpus'): number => devices.reduce((sum, { appliance }) => sum + appliance[key], 0);
  const keyText = (key: string): string => (devices.length > 1 ? `${key} of all devices` : `appliance.${key}`);
  const guests = Object.values(topology.nodes ?? {}).filter(({ kind }) => kind === 'guest').length;
  const sumText = (key: string): string => `${keyText(key)}${guests > 0 ? ' with the nodes of kind guest' : ''}`;
  const { links, segments } = resolveTopology(topology);
  const ends = segments.reduce((sum, segment) => sum + segment.ends.length, 0);
  const linksText = ends > 0 ? 'topology.links and the ends of topology.segments' : 'topology.links';
  const amounts = [
    [sumText('memoryMiB'), sumOf('memoryMiB') + guests * guestMemoryMiB, limits.memoryMiB],
    [sumText('cpus'), sumOf('cpus') + guests, limits.cpus],
    [linksText, links.length + ends, limits.links], // so that nodes, which are containers, are limited, too
  ] as const;
  const excess = amounts.flatMap(([key, got, most]) => (got > most ? [`${key}: expected at most ${most}, got ${got}`] : []));
  if (!isRunners && !trustJobs && devices.some(({ appliance }) => appliance.qemuArgs.length > 0))
    excess.push(`${keyText('qemuArgs')}: expected none`);
  if (!trustJobs) excess.push(...uplinkExcess(topology, limits.uplinks));
  if (excess.length > 0) throw new UsageError(`the job exceeds the limits of this runner (${file}):\n  ${excess.join('\n  ')}`);
}

function uplinkExcess({ nodes = {} }: RawTopology, allowed: Settings['limits']['uplinks']): readonly string[] {
  const expected =
    allowed.length === 0
      ? 'expected none, because limits.uplinks lists no network'
      : `expected true or a network of limits.uplinks (${allowed.join(', ')})`;
  return Object.entries(nodes).flatMap(([name, { uplink = false }]) =>
    uplink === false || (typeof uplink === 'string' && allowed.includes(uplink))
      ? []
      : [`topology.nodes.${name}.uplink: ${expected}, got ${uplink}`],
  );
}

/**
 * Resolves the file of a project that describes the testbed. Links are followed for the check.
 * @param name - relative to the project
 * @throws UsageError when it does not exist, is outside of the project, or is no YAML file (others may be programs)
 */
export async function resolveTopologyFile(project: string, name: string): Promise<string> {
  if (!['.yaml', '.yml'].includes(extname(name)))
    throw new UsageError(`ALPY_TOPOLOGY: expected a YAML file of the project, got ${JSON.stringify(name)}`);
  const path = resolve(project, name);
  const real = await realpath(path).catch((cause: unknown) => {
    const reason = codeOf(cause) === 'ENOENT' ? `the project has no ${name}` : `${name} in the project cannot be read`;
    throw new UsageError(
      `no testbed is described: ${reason}. Set ALPY_APPLIANCE to one of the runner's appliances, or ALPY_TOPOLOGY to a file of the project`,
      { cause },
    );
  });
  if (!real.startsWith((await realpath(project)) + sep))
    throw new UsageError(`ALPY_TOPOLOGY: expected a file of the project, got ${name}, which is outside of it`);
  return path;
}

/** The configuration with the administrator's settings for images, snapshots and uplinks instead of the job's. */
export function withRunnerSettings({ config }: LoadedConfig, { snapshotsMiB, alpyImages, limits }: Settings): Config {
  const topology = withUplinks(config.topology, limits.uplinks[0]);
  return { ...config, topology, images: alpyImages, snapshots: { maxMiB: snapshotsMiB } };
}

/** Gives `uplink: true` the administrator's network, if there is one. */
function withUplinks<T extends RawTopology>(topology: T, network: string | undefined): T {
  const { nodes } = topology;
  if (!nodes || network === undefined) return topology;
  const changed = Object.entries(nodes).map(([name, node]) => [name, node.uplink === true ? { ...node, uplink: network } : node]);
  return { ...topology, nodes: Object.fromEntries(changed) as typeof nodes };
}

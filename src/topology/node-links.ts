// SPDX-License-Identifier: GPL-3.0-or-later
import type { RawTopology } from './raw-topology.ts';
import type { Topology } from './topology.ts';

/** Whether a link or segment with these ends joins nodes without a device. Pure. */
export function joinsNodes({ ends }: { readonly ends: readonly { readonly kind: 'nic' | 'interface' }[] }): boolean {
  return ends.every(({ kind }) => kind === 'interface');
}

/** Whether a topology has a link or segment without a device. Pure. */
export function hasNodeLinks({ links, segments }: Pick<Topology, 'links' | 'segments'>): boolean {
  return [...links, ...segments].some(joinsNodes);
}

/** The same for a file's topology without mistakes, which is quick to load. Pure. */
export function rawHasNodeLinks({ duts, nodes = {}, ...rest }: RawTopology): boolean {
  if (duts === undefined) return false;
  const { links = [], segments = {} } = rest as Extract<RawTopology, { duts: object }>;
  const ofLinks = links.map((link) => ('ends' in link ? link.ends : link));
  return [...ofLinks, ...Object.values(segments)].some((ends) => ends.every((end) => Object.hasOwn(nodes, end)));
}

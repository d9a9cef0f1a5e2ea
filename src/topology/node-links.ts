// SPDX-License-Identifier: GPL-3.0-or-later
import type { RawTopology } from './raw-topology.ts';

/** Whether a topology without mistakes has a link or segment without a device. Pure. */
export function hasNodeLinks({ duts, nodes = {}, ...rest }: RawTopology): boolean {
  if (duts === undefined) return false;
  const { links = [], segments = {} } = rest as Extract<RawTopology, { duts: object }>;
  const ofLinks = links.map((link) => ('ends' in link ? link.ends : link));
  return [...ofLinks, ...Object.values(segments)].some((ends) => ends.every((end) => Object.hasOwn(nodes, end)));
}

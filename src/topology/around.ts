// SPDX-License-Identifier: GPL-3.0-or-later
import { BugError } from '../core/errors.ts';
import type { EndSpec, Topology } from './topology.ts';

/**
 * The part of a topology that a DUT sees while it boots alone: its own NICs, and the nodes on its links and segments. What was between it
 * and another DUT leads nowhere. A topology with one DUT stays as it is. Pure.
 */
export function topologyAround(topology: Topology, dutName: string): Topology {
  const dut = topology.duts.find(({ name }) => name === dutName);
  if (!dut) throw new BugError(`the topology has no DUT ${dutName}`);
  if (topology.duts.length === 1) return topology;
  const isOwn = (end: EndSpec): boolean => end.kind === 'nic' && end.dut === dutName;
  const links = topology.links.filter(({ ends }) => ends.some(isOwn) && ends.some(({ kind }) => kind === 'interface'));
  const segments = topology.segments
    .filter(({ ends }) => ends.some(isOwn))
    .map((segment) => ({ ...segment, ends: segment.ends.filter((end) => isOwn(end) || end.kind === 'interface') }));
  const near = new Set(
    [...links, ...segments].flatMap(({ ends }) => ends.flatMap((end) => (end.kind === 'interface' ? [end.node] : []))),
  );
  return { duts: [dut], nodes: topology.nodes.filter(({ name }) => near.has(name)), links, segments };
}

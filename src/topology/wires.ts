// SPDX-License-Identifier: GPL-3.0-or-later
import { BugError } from '../core/errors.ts';
import { captureFile } from './capture-file.ts';
import { joinsNodes } from './node-links.ts';
import { isUplink, uplinkRouter, type UplinkRouter } from './uplink.ts';
import type { CaptureSpec, DutSpec, EndSpec, InterfaceSpec, NicSpec, NodeSpec, Topology } from './topology.ts';

/** A NIC at the end of a wire. */
export interface NicEnd {
  readonly kind: 'nic';
  readonly dut: DutSpec;
  readonly nic: NicSpec;
}

/** An interface of a node at the end of a wire. */
export interface InterfaceEnd {
  readonly kind: 'interface';
  readonly node: NodeSpec;
  readonly interface: InterfaceSpec;
  /** name of the lifeline's end of the pair whose other end it is; absent for an interface that is a tap */
  readonly port?: string;
  /** name of the tap that it is, and of its backend in the junction; absent for an interface that is the NIC's tap, or no tap */
  readonly tap?: string;
}

/** An end of a wire. */
export type WireEnd = NicEnd | InterfaceEnd;

/** What leads from a wire to the outside. */
export interface UplinkSpec extends UplinkRouter {
  /** name of the node that declares it */
  readonly node: string;
  /** name of the Docker network; absent for the default */
  readonly through?: string;
  /** the tap of the router, in the lifeline's namespace */
  readonly tap: string;
  /** a pair in the lifeline's namespace: one end is on the hub, at the other one frames to the router are filtered */
  readonly pair: readonly [hubEnd: string, filterEnd: string];
}

/** What joins the ends of a wire without a NIC: a hub in a QEMU without a machine. The ends are taps of that QEMU. */
export interface JunctionSpec {
  readonly capture: CaptureSpec;
  /** a further tap, which leads to the wire's uplink; absent for a wire without one */
  readonly uplinkTap?: string;
}

/** A link or a segment with its ends looked up, or an interface of a node that leads nowhere. */
export interface Wire {
  /** of the link or segment; absent for an interface that leads nowhere */
  readonly name?: string;
  /**
   * `direct`: the NIC's tap is the node's interface, with nothing in between; `hub`: every frame goes to all other ends; `junction`: the
   * same, but through QEMU, because no end is a NIC
   */
  readonly kind: 'direct' | 'hub' | 'junction';
  readonly ends: readonly WireEnd[];
  /** a further end, if a node on it has an uplink */
  readonly uplink?: UplinkSpec;
  /** exactly for the kind `junction` */
  readonly junction?: JunctionSpec;
}

/** What records the frames of a wire. */
export interface Recorder {
  /** the device whose NIC does; absent for a junction */
  readonly dut?: DutSpec;
  readonly capture: CaptureSpec;
}

/** The wires of a topology: its links, its segments, then the interfaces that are on none of them. Pure. */
export function wiresOf(topology: Topology): readonly Wire[] {
  const joined = [...topology.links, ...topology.segments];
  const used = new Set(joined.flatMap(({ ends }) => ends.map(endText)));
  const loose = topology.nodes.flatMap(({ name, interfaces }) =>
    interfaces.map((one): EndSpec => ({ kind: 'interface', node: name, interface: one.name })),
  );
  const ports = new Map<string, string>();
  const portOf = (end: EndSpec): string => {
    const port = ports.get(endText(end)) ?? `port${ports.size}`;
    ports.set(endText(end), port);
    return port;
  };
  return [
    ...joined.map(({ name, ends }, index) => wire(topology, ends, portOf, { name, index })),
    ...loose.filter((end) => !used.has(endText(end))).map((end) => wire(topology, [end], portOf)),
  ];
}

/** What records a wire: its junction, or the first of its ends with a capture, if any. Pure. */
export function recorderOf({ ends, junction }: Wire): Recorder | undefined {
  if (junction) return { capture: junction.capture };
  for (const end of ends) if (end.kind === 'nic' && end.nic.capture) return { dut: end.dut, capture: end.nic.capture };
  return undefined;
}

/** @param joined - the link or segment; absent for an interface that leads nowhere */
function wire(
  topology: Topology,
  ends: readonly EndSpec[],
  portOf: (end: EndSpec) => string,
  joined?: { readonly name: string; readonly index: number },
): Wire {
  const nics = ends.filter(({ kind }) => kind === 'nic').length;
  const [uplink] = ends.flatMap((end) => (end.kind === 'interface' ? (uplinkAt(topology, end.node) ?? []) : []));
  if (joined && joinsNodes({ ends })) return junctionWire(topology, ends, joined, uplink);
  const kind = ends.length === 2 && nics === 1 && !uplink ? 'direct' : 'hub';
  const found = ends.map((end): WireEnd => {
    if (end.kind === 'nic') return nicEnd(topology, end);
    const lookedUp = interfaceEnd(topology, end);
    return kind === 'direct' ? lookedUp : { ...lookedUp, port: portOf(end) };
  });
  return { ...(joined ? { name: joined.name } : {}), kind, ends: found, ...(uplink ? { uplink } : {}) };
}

function junctionWire(
  topology: Topology,
  ends: readonly EndSpec[],
  { name, index }: { readonly name: string; readonly index: number },
  uplink: UplinkSpec | undefined,
): Wire {
  const tap = `wire${index}`;
  const found = ends.flatMap((end, number) =>
    end.kind === 'interface' ? [{ ...interfaceEnd(topology, end), tap: `${tap}-${number}` }] : [],
  );
  const capture = { id: `capture${index}`, file: captureFile(name) };
  const junction = { capture, ...(uplink ? { uplinkTap: `${tap}-up` } : {}) };
  return { name, kind: 'junction', ends: found, ...(uplink ? { uplink } : {}), junction };
}

function uplinkAt({ nodes }: Topology, name: string): UplinkSpec | undefined {
  const withUplink = nodes.filter(({ config }) => isUplink(config));
  const number = withUplink.findIndex((node) => node.name === name);
  const config = withUplink[number]?.config;
  if (!config) return undefined;
  const tap = `uplink${number}`;
  const { uplink } = config;
  return {
    node: name,
    ...(typeof uplink === 'string' ? { through: uplink } : {}),
    tap,
    pair: [`${tap}h`, `${tap}f`],
    ...uplinkRouter(config),
  };
}

function nicEnd({ duts }: Topology, end: Extract<EndSpec, { kind: 'nic' }>): NicEnd {
  const dut = duts.find(({ name }) => name === end.dut);
  const nic = dut?.nics.find(({ id }) => id === end.nic);
  if (!dut || !nic) throw new BugError(`the topology has no ${endText(end)}`);
  return { kind: 'nic', dut, nic };
}

function interfaceEnd({ nodes }: Topology, end: Extract<EndSpec, { kind: 'interface' }>): InterfaceEnd {
  const node = nodes.find(({ name }) => name === end.node);
  const found = node?.interfaces.find(({ name }) => name === end.interface);
  if (!node || !found) throw new BugError(`the topology has no ${endText(end)}`);
  return { kind: 'interface', node, interface: found };
}

function endText(end: EndSpec): string {
  return end.kind === 'nic' ? `NIC ${end.nic} of ${end.dut}` : `interface ${end.interface} of ${end.node}`;
}

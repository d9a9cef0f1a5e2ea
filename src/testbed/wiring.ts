// SPDX-License-Identifier: GPL-3.0-or-later
import { step } from '../core/step.ts';
import type { Lifeline } from '../docker/index.ts';
import { createInterfaces as create, moveInterface, setPort, type Node, type SetCarrier } from '../network/index.ts';
import { qemuUser } from '../core/qemu-confinement.ts';
import type { DutSpec, InterfaceEnd, NicEnd, Topology, Wire } from '../topology/index.ts';

/** A QEMU that opens taps: that of a device, or the junction. */
export type TapOwner = DutSpec | 'junction';

/** An interface that a node gets. */
export interface Connection {
  readonly end: InterfaceEnd;
  /** name in the lifeline's namespace */
  readonly name: string;
  /** whose QEMU must have opened it before; absent for an interface at a hub */
  readonly openedBy?: TapOwner;
}

/** The interfaces that nodes get, in the order of the wires. Pure. */
export function connectionsOf(wires: readonly Wire[]): readonly Connection[] {
  return wires.flatMap(({ ends }) => {
    const nic = ends.find((end): end is NicEnd => end.kind === 'nic');
    return ends.flatMap((end): readonly Connection[] => {
      if (end.kind !== 'interface') return [];
      if (end.tap !== undefined) return [{ end, name: end.tap, openedBy: 'junction' }];
      if (end.port !== undefined) return [{ end, name: `${end.port}n` }];
      return nic ? [{ end, name: nic.nic.tap, openedBy: nic.dut }] : [];
    });
  });
}

/** Creates the taps of QEMU, and the hubs between them. @throws ExecError when the kernel refuses */
export async function createInterfaces(
  lifeline: Lifeline,
  { duts }: Topology,
  wires: readonly Wire[],
  signal: AbortSignal,
): Promise<void> {
  const connections = connectionsOf(wires).map(({ end, name }) => ({ name, port: end.port, interface: end.interface }));
  const moved = connections.filter(({ port }) => port === undefined);
  const ports = connections.flatMap(({ port, ...rest }) => (port === undefined ? [] : [{ ...rest, port }]));
  const movedNames = new Set(moved.map(({ name }) => name));
  const ofUplinks = wires.flatMap(({ junction }) => junction?.uplinkTap ?? []);
  const kept = [...duts.flatMap(({ nics }) => nics.map(({ tap }) => tap)), ...ofUplinks].filter((name) => !movedNames.has(name));
  const hubs = wires.map(({ kind, ends, uplink, junction }) => [
    ...(kind === 'hub' ? ends.map((end) => (end.kind === 'nic' ? end.nic.tap : (end.port ?? ''))) : []),
    ...(junction?.uplinkTap === undefined ? [] : [junction.uplinkTap]),
    ...(uplink ? [uplink.pair[0]] : []),
  ]);
  const uplinks = wires.flatMap(({ uplink }) => uplink ?? []);
  await create(lifeline, { moved, kept, ports, hubs, uplinks }, qemuUser, signal);
}

/** Gives a node one of its interfaces. @throws ExecError when the kernel refuses */
export async function connect(lifeline: Lifeline, { end, name }: Connection, node: Node, signal: AbortSignal): Promise<void> {
  const { port, interface: spec } = end;
  const title = node.interfaces.length === 1 ? node.name : `${spec.name} of ${node.name}`;
  await step('alpy.network', `Connect ${title}`, async () => {
    await moveInterface(lifeline, { name, interface: spec }, node, signal);
    await node.guest?.join(spec.name, { signal });
    const setCarrier = carrierOf(lifeline, spec.name, node, port);
    await node.interfaces.find((one) => one.name === spec.name)?.bringUp({ signal }, setCarrier);
  });
}

/** What turns the carrier of an interface on or off; absent for a tap, whose node does it. */
function carrierOf(lifeline: Lifeline, name: string, { guest }: Node, port?: string): SetCarrier | undefined {
  if (guest) return (isOn, wait) => guest.setCarrier(name, isOn, wait);
  return port === undefined ? undefined : (isOn) => setPort(lifeline, port, isOn);
}

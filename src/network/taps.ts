// SPDX-License-Identifier: GPL-3.0-or-later
import type { Lifeline } from '../docker/index.ts';
import { hubCommands } from './hub.ts';
import { ipBatch, tcBatch } from './batch.ts';
import { createTap, lengthenQueue, portMtu, tapMtu, turnOffOffloads, turnOn } from './interface-commands.ts';
import type { Node } from './node.ts';
import { uplinkCommands, type UplinkPort } from './uplink-filter.ts';

const timeoutMs = 30_000;

/** An interface of a node, before the node gets it. */
export interface MovedInterface {
  /** its name in the lifeline's namespace */
  readonly name: string;
  /** what it becomes in the node's namespace */
  readonly interface: { readonly name: string; readonly mac: string };
}

/** A pair of interfaces between the lifeline's namespace and a node's. */
export interface Port extends MovedInterface {
  /** the end that stays */
  readonly port: string;
}

/** The interfaces to create in the lifeline's namespace. */
export interface NewInterfaces {
  /** taps that become interfaces of nodes */
  readonly moved: readonly MovedInterface[];
  /** names of taps that stay */
  readonly kept: readonly string[];
  readonly ports: readonly Port[];
  /** for each hub: the taps and ports at it */
  readonly hubs: readonly (readonly string[])[];
  readonly uplinks: readonly UplinkPort[];
}

/**
 * Creates QEMU's taps and the hubs while QEMU's container and the nodes still start. The taps are persistent and belong to QEMU's user,
 * who can therefore open them without a capability. They end with their namespace. Offloads are off, so that frames on the
 * link are like those on a wire: with checksums, and no longer than the MTU.
 * @param user - number of QEMU's user
 * @throws ExecError when the kernel refuses
 */
export async function createInterfaces(
  lifeline: Lifeline,
  { moved, kept, ports, hubs, uplinks }: NewInterfaces,
  user: number,
  signal?: AbortSignal,
): Promise<void> {
  const ofUplinks = uplinks.flatMap(({ tap: name, pair }) => [name, ...pair]);
  const ofNodes = [...moved, ...ports].map(({ name }) => name);
  const names = [...ofNodes, ...kept, ...ports.map(({ port }) => port), ...ofUplinks];
  if (names.length === 0) return;
  const created = [
    ...moved.flatMap(({ name, interface: { mac } }) => [
      createTap(name, user),
      `link set ${name} address ${mac}`,
      lengthenQueue(name),
    ]),
    ...kept.flatMap((name) => [createTap(name, user), lengthenQueue(name), turnOn(name, tapMtu)]),
    ...ports.flatMap(({ name, port, interface: { mac } }) => [
      `link add ${port} mtu ${portMtu} type veth peer name ${name} address ${mac}`,
      turnOn(port, portMtu),
    ]),
    ...uplinks.flatMap(({ tap: name, pair: [hubEnd, filterEnd] }) => [
      createTap(name, user),
      lengthenQueue(name),
      turnOn(name, tapMtu),
      `link add ${hubEnd} mtu ${portMtu} type veth peer name ${filterEnd}`,
      ...[hubEnd, filterEnd].map((end) => turnOn(end, portMtu)),
    ]),
  ];
  const offloads = names.map(turnOffOffloads);
  const joins = [...hubs.flatMap(hubCommands), ...uplinks.flatMap(uplinkCommands)];
  const joined = joins.length === 0 ? [] : [tcBatch(joins)];
  await lifeline.runShell([ipBatch(created), ...offloads, ...joined].join('\n'), { timeoutMs, signal });
}

/**
 * Moves an interface into the namespace of its node. QEMU keeps the file descriptor of a tap. This needs no helper container: the lifeline
 * has the network namespace of QEMU and the PID namespace of the node.
 * @throws ExecError when the kernel refuses
 */
export async function moveInterface(
  lifeline: Lifeline,
  moved: MovedInterface,
  { pid }: Node,
  signal?: AbortSignal,
): Promise<void> {
  await lifeline.runShell(`ip link set ${moved.name} netns ${pid} name ${moved.interface.name}`, { timeoutMs, signal });
}

/** Brings the lifeline's end of a pair up or down, and with it the carrier of the other end. @throws ExecError */
export async function setPort(lifeline: Lifeline, port: string, isUp: boolean, signal?: AbortSignal): Promise<void> {
  await lifeline.runShell(`ip link set ${port} ${isUp ? 'up' : 'down'}`, { timeoutMs, signal });
}

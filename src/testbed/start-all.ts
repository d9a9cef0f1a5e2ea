// SPDX-License-Identifier: GPL-3.0-or-later
import { allOrAbort } from '../core/all-or-abort.ts';
import { raceWithSignal } from '../core/deadline.ts';
import { limit, type Limit } from '../core/limit.ts';
import { markHandled } from '../core/mark-handled.ts';
import type { Node } from '../network/index.ts';
import { hasNodeLinks, type NodeSpec, type UplinkSpec } from '../topology/index.ts';
import type { Running } from './assemble.ts';
import type { CreationContext, Device } from './creation.ts';
import { startJunction } from './junctions.ts';
import { openConsole, startQemu, type StartedMachine } from './machine.ts';
import { startNode } from './nodes.ts';
import { prepareNode } from './prepare-node.ts';
import { startUplink } from './uplinks.ts';
import { connect, connectionsOf, createInterfaces, type Connection, type TapOwner } from './wiring.ts';

/**
 * How many nodes start at the same time. More would only make each of them slower, and QEMU too. The kernel connects one node after the
 * other, so it is faster if they get ready one after the other.
 */
const nodesAtOnce = 8;

/** A part of a testbed, once it has started: empty for what only has to run. */
interface Part {
  readonly machine?: StartedMachine;
  readonly node?: Node;
}

/** Starts a part. @param abort - aborts when another part fails, too */
type StartPart = (abort: AbortSignal) => Promise<Part>;

/**
 * Starts QEMU and the nodes at the same time. A node is connected as soon as it runs and QEMU has opened the taps.
 * @throws what the part throws that failed first; but if a snapshot cannot be loaded, that, because everything else follows from it
 */
export async function startAll(context: CreationContext, signal?: AbortSignal): Promise<Running> {
  const { spec, devices, wires, started } = context;
  const interfaces = new InterfaceCreation(context);
  const inTurn = limit(nodesAtOnce);
  const uplinks = wires.flatMap(({ uplink }) => uplink ?? []);
  try {
    const parts = await allOrAbort<readonly Part[]>(signal, [
      ...devices.map((device) => machineStart(context, interfaces, device, signal)),
      ...spec.topology.nodes.map((node) => nodeStart(context, interfaces, node, inTurn)),
      ...uplinks.map((uplink) => uplinkStart(context, interfaces, uplink)),
      ...(hasNodeLinks(spec.topology) ? [junctionStart(context, interfaces)] : []),
    ]);
    return { machines: parts.flatMap(({ machine }) => machine ?? []), nodes: parts.flatMap(({ node }) => node ?? []) };
  } catch (error) {
    for (const { restoring } of started.devices) await restoring; // if QEMU ended because of the snapshot, everything else failed too: throw the cause instead
    throw error;
  }
}

/** @param signal - of the testbed alone: another part that fails must not end the loading of the snapshot, see {@link startQemu} */
function machineStart(
  context: CreationContext,
  interfaces: InterfaceCreation,
  device: Device,
  signal: AbortSignal | undefined,
): StartPart {
  return async (abort) => {
    const qemu = await startQemu(context, device, interfaces.created(abort), abort, signal);
    interfaces.markOpened(device.dut);
    const machine = await openConsole(context.spec.directory, qemu, abort);
    await qemu.started.restoring;
    return { machine };
  };
}

function nodeStart(context: CreationContext, interfaces: InterfaceCreation, spec: NodeSpec, inTurn: Limit): StartPart {
  return async (abort) => {
    const node = await inTurn(() => {
      abort.throwIfAborted(); // while it waited
      return startNode(context, spec, abort);
    });
    // now, while others start: the kernel takes about 20 ms for each interface, one after the other, and only waits meanwhile
    for (const connection of connectionsOf(context.wires).filter(({ end }) => end.node.name === spec.name)) {
      await interfaces.waitFor(connection, abort);
      await connect(context.started.lease.group.lifeline, connection, node, abort);
    }
    await prepareNode(context, spec, node, abort);
    return { node };
  };
}

function uplinkStart(context: CreationContext, interfaces: InterfaceCreation, uplink: UplinkSpec): StartPart {
  return async (abort) => {
    await startUplink(context, uplink, () => interfaces.created(abort), abort);
    return {};
  };
}

function junctionStart(context: CreationContext, interfaces: InterfaceCreation): StartPart {
  return async (abort) => {
    await startJunction(context, interfaces.created(abort), abort);
    interfaces.markOpened('junction');
    return {};
  };
}

/** The interfaces of a testbed while its parts start: they are created once, QEMU opens its taps, and then they move to the nodes. */
class InterfaceCreation {
  readonly #context: CreationContext;
  readonly #opened: ReadonlyMap<TapOwner, PromiseWithResolvers<void>>;
  #created: Promise<void> | undefined;

  constructor(context: CreationContext) {
    this.#context = context;
    const owners: readonly TapOwner[] = [...context.devices.map(({ dut }) => dut), 'junction'];
    this.#opened = new Map(owners.map((owner) => [owner, Promise.withResolvers<void>()]));
  }

  /** Resolves when all exist. The first call creates them. @throws ExecError when the kernel refuses */
  created(abort: AbortSignal): Promise<void> {
    const { started, spec, wires } = this.#context;
    this.#created ??= createInterfaces(started.lease.group.lifeline, spec.topology, wires, abort);
    markHandled(this.#created); // awaited before QEMU starts
    return this.#created;
  }

  /** Says that a QEMU has opened its taps. */
  markOpened(owner: TapOwner): void {
    this.#opened.get(owner)?.resolve();
  }

  /** Waits until an interface may move to its node. @throws what {@link InterfaceCreation.created} throws, and the reason of `abort` */
  async waitFor({ openedBy }: Connection, abort: AbortSignal): Promise<void> {
    const opened = openedBy === undefined ? undefined : this.#opened.get(openedBy)?.promise;
    await raceWithSignal(opened ?? this.created(abort), abort);
  }
}

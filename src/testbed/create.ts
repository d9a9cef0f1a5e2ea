// SPDX-License-Identifier: GPL-3.0-or-later
import { allOrAbort } from '../core/all-or-abort.ts';
import { raceWithSignal } from '../core/deadline.ts';
import { limit } from '../core/limit.ts';
import { markHandled } from '../core/mark-handled.ts';
import { categorizedStep } from '../core/step.ts';
import type { Engine, Lifeline } from '../docker/index.ts';
import type { Node } from '../network/index.ts';
import { hasNodeLinks, wiresOf, type NodeSpec, type UplinkSpec } from '../topology/index.ts';
import { Apps } from './apps.ts';
import { testbedParts, type Running } from './assemble.ts';
import { createCaptureFiles } from './captures.ts';
import { devicesOf, type CreationContext, type Device, type TestbedSpec } from './creation.ts';
import { explainByContainers } from './dead-container.ts';
import type { HostFacts } from './host.ts';
import { startJunction } from './junctions.ts';
import { acquireLifeline } from './lifeline-lease.ts';
import { openConsole, startQemu, type StartedMachine } from './machine.ts';
import { startNode } from './nodes.ts';
import { prepareNode } from './prepare-node.ts';
import { SnapshotWatch } from './snapshot-watch.ts';
import { tearDownAfter, type Started } from './teardown.ts';
import { CreatedTestbed, explainBySnapshots } from './testbed.ts';
import { startUplink } from './uplinks.ts';
import { connect, connectionsOf, createInterfaces, type TapOwner } from './wiring.ts';

/**
 * Creates a testbed: nodes, a QEMU for each device whose NICs are wired to them and to each other, consoles and captures. If anything
 * fails, nothing of it is left.
 * @throws HypervisorError, ContainerError, EnvironmentError
 */
export async function createTestbed(
  engine: Engine,
  facts: HostFacts,
  spec: TestbedSpec,
  signal?: AbortSignal,
): Promise<CreatedTestbed> {
  return categorizedStep('testbed.setup', 'alpy.testbed', 'Set the testbed up', async () => {
    const { topology, directory } = spec;
    const wires = wiresOf(topology); // before anything is to be released
    const [captures, snapshots] = await Promise.all([
      createCaptureFiles(directory, topology.duts, wires),
      Promise.all(spec.devices.map(async ({ snapshot }) => snapshot && (await SnapshotWatch.begin(snapshot)))),
    ]);
    const devices = await devicesOf(spec, facts);
    const isOnly = devices.length === 1;
    const machines = devices.map(({ name, machine }) => (isOnly ? { spec: machine } : { name, spec: machine }));
    const hasJunction = hasNodeLinks(topology);
    const lease = await acquireLifeline(engine, facts, spec.lifelines, { machines, hasJunction, directory }, signal);
    const started: Started = {
      lease,
      areCapturesInside: facts.access.kind === 'copy',
      nodes: [],
      uplinks: [],
      junctions: [],
      apps: createApps(engine, facts, spec, lease.group.lifeline),
      hostsFolders: [],
      devices: [],
    };
    const context = { engine, facts, spec, devices, wires, started };
    const watched = snapshots.map((snapshotWatch) => ({ snapshotWatch }));
    try {
      for (const [index, paths] of captures.entries()) await lease.group.share(index, paths);
      return new CreatedTestbed(testbedParts(context, await startAll(context, signal), snapshots));
    } catch (error) {
      if (signal?.aborted === true) throw await tearDownAfter(error, started);
      const reason = await explainBySnapshots(error, watched);
      throw await tearDownAfter(await explainByContainers(reason, started), started);
    }
  });
}

/**
 * How many nodes start at the same time. More would only make each of them slower, and QEMU too. The kernel connects one node after the
 * other, so it is faster if they get ready one after the other.
 */
const nodesAtOnce = 8;

/** Starts QEMU and the nodes at the same time. A node is connected as soon as it runs and QEMU has opened the taps. */
async function startAll(context: CreationContext, signal?: AbortSignal): Promise<Running> {
  const { spec, devices, wires, started } = context;
  const { lifeline } = started.lease.group;
  const owners: readonly TapOwner[] = [...devices.map(({ dut }) => dut), 'junction'];
  const tapsOpened = new Map(owners.map((owner) => [owner, Promise.withResolvers<void>()]));
  let creating: Promise<void> | undefined;
  const interfacesCreated = (abort: AbortSignal): Promise<void> => {
    creating ??= createInterfaces(lifeline, spec.topology, wires, abort);
    markHandled(creating); // awaited before QEMU starts
    return creating;
  };
  const startMachine =
    (device: Device) =>
    async (abort: AbortSignal): Promise<StartedMachine> => {
      const qemu = await startQemu(context, device, interfacesCreated(abort), abort, signal);
      tapsOpened.get(device.dut)?.resolve();
      const machine = await openConsole(spec.directory, qemu, abort);
      await qemu.started.restoring;
      return machine;
    };
  const startTheJunction = async (abort: AbortSignal): Promise<void> => {
    await startJunction(context, interfacesCreated(abort), abort);
    tapsOpened.get('junction')?.resolve();
  };
  const startOneUplink =
    (uplink: UplinkSpec) =>
    async (abort: AbortSignal): Promise<void> => {
      await startUplink(context, uplink, () => interfacesCreated(abort), abort);
    };
  const inTurn = limit(nodesAtOnce);
  const startOneNode =
    (nodeSpec: NodeSpec) =>
    async (abort: AbortSignal): Promise<Node> => {
      const node = await inTurn(() => {
        abort.throwIfAborted(); // while it waited
        return startNode(context, nodeSpec, abort);
      });
      // now, while others start: the kernel takes about 20 ms for each interface, one after the other, and only waits meanwhile
      for (const connection of connectionsOf(wires).filter(({ end }) => end.node.name === nodeSpec.name)) {
        const { openedBy } = connection;
        await raceWithSignal(
          (openedBy === undefined ? undefined : tapsOpened.get(openedBy)?.promise) ?? interfacesCreated(abort),
          abort,
        );
        await connect(lifeline, connection, node, abort);
      }
      await prepareNode(context, nodeSpec, node, abort);
      return node;
    };
  try {
    const uplinks = wires.flatMap(({ uplink }) => uplink ?? []);
    const { nodes } = spec.topology;
    const others = [...uplinks.map(startOneUplink), ...(hasNodeLinks(spec.topology) ? [startTheJunction] : [])];
    const starting = [...devices.map(startMachine), ...nodes.map(startOneNode), ...others] as const;
    const all = await allOrAbort<readonly (StartedMachine | Node | void)[]>(signal, [...starting]);
    return {
      machines: all.slice(0, devices.length) as readonly StartedMachine[],
      nodes: all.slice(devices.length, devices.length + nodes.length) as readonly Node[],
    };
  } catch (error) {
    for (const { restoring } of started.devices) await restoring; // if QEMU ended because of the snapshot, everything else failed too: throw the cause instead
    throw error;
  }
}

function createApps(engine: Engine, { access, images }: HostFacts, { directory }: TestbedSpec, lifeline: Lifeline): Apps {
  return new Apps({ engine, lifeline, filesFolder: access.kind === 'bind' ? directory : undefined }, images);
}

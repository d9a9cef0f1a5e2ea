// SPDX-License-Identifier: GPL-3.0-or-later
import { allOrAbort } from '../core/all-or-abort.ts';
import { raceWithSignal } from '../core/deadline.ts';
import { BugError } from '../core/errors.ts';
import { limit } from '../core/limit.ts';
import { markHandled } from '../core/mark-handled.ts';
import { categorizedStep } from '../core/step.ts';
import { createAccess } from '../access/index.ts';
import type { Engine, Lifeline } from '../docker/index.ts';
import type { Node } from '../network/index.ts';
import { GuestClock } from '../qemu/index.ts';
import { nodeLinks, type NodeLink } from '../topology/index.ts';
import { Apps } from './apps.ts';
import { captureOf, createCaptureFiles, finishCaptures, wallClockOf, type CapturePlace } from './captures.ts';
import { hypervisorSpec, restoredFrom, type CreationContext, type TestbedSpec } from './creation.ts';
import { explainByContainers } from './dead-container.ts';
import { Dut } from './dut.ts';
import type { HostFacts } from './host.ts';
import { acquireLifeline } from './lifeline-lease.ts';
import { Link } from './link.ts';
import { nicModel } from './machine-spec.ts';
import { openConsole, startQemu, type StartedMachine } from './machine.ts';
import { startNode } from './nodes.ts';
import { prepareNode } from './prepare-node.ts';
import { tearDownAfter, type Started } from './teardown.ts';
import { CreatedTestbed, type TestbedParts } from './testbed.ts';
import { SnapshotWatch } from './snapshot-watch.ts';
import { connect, createTaps } from './wiring.ts';

/**
 * Creates a testbed: nodes, a QEMU whose NICs are wired to them, console and captures. If anything fails, nothing of it is left.
 * @throws HypervisorError, ContainerError, EnvironmentError
 */
export async function createTestbed(
  engine: Engine,
  facts: HostFacts,
  spec: TestbedSpec,
  signal?: AbortSignal,
): Promise<CreatedTestbed> {
  return categorizedStep('testbed.setup', 'alpy.testbed', 'Set the testbed up', async () => {
    const links = nodeLinks(spec.topology);
    const [captures, snapshotWatch] = await Promise.all([
      createCaptureFiles(spec.directory, links),
      spec.snapshot && SnapshotWatch.begin(spec.snapshot),
    ]);
    const machine = await hypervisorSpec(spec, facts);
    const lease = await acquireLifeline(engine, facts, spec.lifelines, machine, spec.directory, signal);
    const started: Started = {
      lease,
      areCapturesInside: facts.access.kind === 'copy',
      nodes: [],
      apps: createApps(engine, facts, spec, lease.pair.lifeline),
      hostsFolders: [],
    };
    const clock = new GuestClock(restoredFrom(spec)?.record.virtualMs);
    const context = { engine, facts, spec, links, machine, clock, started };
    try {
      await lease.pair.share(captures);
      return new CreatedTestbed({ ...testbedParts(context, await startAll(context, signal)), snapshotWatch });
    } catch (error) {
      if (signal?.aborted === true) throw await tearDownAfter(error, started);
      const reason = (await snapshotWatch?.explain(error)) ?? error;
      throw await tearDownAfter(await explainByContainers(reason, started), started);
    }
  });
}

/** A link with its node, which has the link's interface. */
interface ConnectedLink {
  readonly link: NodeLink;
  readonly node: Node;
}

interface Running {
  readonly machine: StartedMachine;
  readonly connected: readonly ConnectedLink[];
}

/**
 * How many nodes start at the same time. More would only make each of them slower, and QEMU too. The kernel connects one node after the
 * other, so it is faster if they get ready one after the other.
 */
const nodesAtOnce = 8;

/** Starts QEMU and the nodes at the same time. A node is connected as soon as it runs and QEMU has opened the taps. */
async function startAll(context: CreationContext, signal?: AbortSignal): Promise<Running> {
  const { links, started } = context;
  const { lifeline } = started.lease.pair;
  const tapsOpened = Promise.withResolvers<void>();
  const startMachine = async (abort: AbortSignal): Promise<StartedMachine> => {
    const tapsCreated = createTaps(lifeline, links, abort);
    markHandled(tapsCreated); // awaited before QEMU starts
    const hypervisor = await startQemu(context, tapsCreated, abort, signal);
    tapsOpened.resolve();
    const machine = await openConsole(context, hypervisor, abort);
    await started.restoring;
    return machine;
  };
  const inTurn = limit(nodesAtOnce);
  const startNodes = links.map((link) => async (abort: AbortSignal): Promise<ConnectedLink> => {
    const node = await inTurn(() => {
      abort.throwIfAborted(); // while it waited
      return startNode(context, link.node, abort);
    });
    await raceWithSignal(tapsOpened.promise, abort);
    // now, while others start: the kernel takes about 20 ms for each node, one after the other, and only waits meanwhile
    await connect(lifeline, link, node, abort);
    await prepareNode(context, link.node, node, abort);
    return { link, node };
  });
  try {
    const tasks = [startMachine, ...startNodes] as const;
    const [machine, ...connected] = await allOrAbort<[StartedMachine, ...ConnectedLink[]]>(signal, [...tasks]);
    return { machine, connected };
  } catch (error) {
    await started.restoring; // if QEMU ended because of the snapshot, everything else failed too: throw the cause instead
    throw error;
  }
}

function createApps(engine: Engine, { access, images }: HostFacts, { directory }: TestbedSpec, lifeline: Lifeline): Apps {
  return new Apps({ engine, lifeline, filesFolder: access.kind === 'bind' ? directory : undefined }, images);
}

function testbedParts(context: CreationContext, { machine, connected }: Running): Omit<TestbedParts, 'snapshotWatch'> {
  const { facts, spec, clock, started } = context;
  const { appliance, directory } = spec;
  const { hypervisor } = machine;
  const place = capturePlace(context, machine);
  const links = connected.map(({ link: { name, nic }, node }, index) => {
    if (!nic.capture) throw new BugError(`no NIC records the frames of ${name}`);
    const capture = captureOf(name, nic.capture, place);
    const dut = spec.topology.duts[0].name;
    return new Link({ name, index, nic, model: nicModel(appliance, index), node, capture, dut, machine: hypervisor });
  });
  const { timeFactor } = facts;
  const access = createAccess({ appliance, console: machine.console, timeFactor });
  const isRestored = restoredFrom(spec) !== undefined;
  const captures = links.map(({ capture }) => capture);
  return {
    dut: new Dut({ ...machine, appliance, access, directory, timeFactor, links, clock, isRestored }),
    nodes: connected.map(({ node }) => node),
    hypervisor,
    started,
    finishCaptures: () => finishCaptures(captures, place),
  };
}

function capturePlace({ spec, machine, clock, started }: CreationContext, { hypervisor }: StartedMachine): CapturePlace {
  return {
    hypervisor,
    directory: spec.directory,
    areInside: started.areCapturesInside,
    toWallClock: wallClockOf(clock, machine.machine.clockStart),
    decoder: spec.decoder,
  };
}

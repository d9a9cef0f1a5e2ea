// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { raceWithSignal } from '../core/deadline.ts';
import { BugError, EnvironmentError, messageOf } from '../core/errors.ts';
import { Lifetime } from '../core/lifetime.ts';
import { allOrAbort } from '../core/all-or-abort.ts';
import { markHandled } from '../core/mark-handled.ts';
import { replaceFile } from '../core/plain-file.ts';
import { categorizedStep, step } from '../core/step.ts';
import { createAccess } from '../access/index.ts';
import { Capture, finishCapture, type Decoder } from '../capture/index.ts';
import { SerialConsole, Transcript } from '../console/index.ts';
import { Lifeline, type Engine } from '../docker/index.ts';
import { imageNamed } from '../images/resolved-image.ts';
import { hostsText, moveTap, Node, prepareTaps, type Tap } from '../network/index.ts';
import {
  GuestClock,
  Hypervisor,
  assertUnchanged,
  sharedFolders,
  type DiskImage,
  type HypervisorSpec,
  type SharedFolders,
  type SnapshotUse,
} from '../qemu/index.ts';
import { SnapshotError, type Snapshot } from '../snapshot/index.ts';
import { nodeLinks, type NodeLink, type Topology } from '../topology/index.ts';
import { Apps } from './apps.ts';
import type { Appliance } from './dut-parts.ts';
import { Dut } from './dut.ts';
import { createWorldWritableFile } from './world-writable-file.ts';
import type { HostFacts } from './host.ts';
import { planLifeline } from './lifeline-plan.ts';
import type { LifelinePool } from './lifelines.ts';
import { machineSpec } from './machine-spec.ts';
import { Link } from './link.ts';
import { Testbed } from './testbed.ts';

/** What a testbed is to be. */
export interface TestbedSpec {
  readonly appliance: Appliance;
  readonly topology: Topology;
  /** from {@link inspectApplianceDisk} */
  readonly disk: DiskImage;
  /** absolute path of a folder for captures and console logs; made when it is not there */
  readonly directory: string;
  /** the snapshot that it starts from, or the folder in which it shall make one; absent for a guest that boots */
  readonly snapshot?: { readonly use: 'restore'; readonly from: Snapshot } | { readonly use: 'make'; readonly directory: string };
  /** whose lifelines it uses, where its files can be had through them; absent for a lifeline of its own */
  readonly lifelines?: LifelinePool | undefined;
  /** decodes captures below a folder of its own, that of the testbed among them; absent for tshark in QEMU's container */
  readonly decoder?: Decoder | undefined;
}

/**
 * Makes a testbed: nodes, a QEMU whose NICs are wired to them, console and captures. The virtual CPU does not run yet. When
 * anything fails, all of it is gone again.
 * @throws HypervisorError, ContainerError, EnvironmentError
 */
export async function createTestbed(engine: Engine, facts: HostFacts, spec: TestbedSpec, signal?: AbortSignal): Promise<Testbed> {
  return categorizedStep('testbed.setup', 'alpy.testbed', 'Set the testbed up', async () => {
    await using lifetime = new Lifetime();
    const parts = await create(engine, facts, spec, lifetime, signal);
    const owned = lifetime.move();
    return new Testbed({ ...parts, lifetime: owned });
  });
}

/** How long a snapshot may take to load, in `ms`; it takes some 30 where nothing else runs. */
const restoreTimeoutMs = 30_000;

type Parts = Omit<ConstructorParameters<typeof Testbed>[0], 'lifetime'>;

interface StartedGuest {
  readonly hypervisor: Hypervisor;
  readonly console: SerialConsole;
  readonly consoleEnded: Promise<void>;
}

async function create(
  engine: Engine,
  facts: HostFacts,
  spec: TestbedSpec,
  lifetime: Lifetime,
  signal?: AbortSignal,
): Promise<Parts> {
  const { appliance, directory, disk } = spec;
  const isCopy = facts.access.kind === 'copy';
  const linkSpecs = nodeLinks(spec.topology);
  await prepareFolder(directory, linkSpecs);
  const nodeImage = imageNamed(facts.images, 'node').reference;
  const machine = machineSpec(appliance, spec.topology.duts[0], facts.accel, new Date());
  const hypervisorSpec = { machine, disk, directory, snapshot: snapshotUse(spec) };
  const started: { hypervisor?: Hypervisor; restoring?: Promise<void> | undefined } = {};
  lifetime.defer('qemu', () => started.hypervisor?.[Symbol.asyncDispose]()); // it ends with the lifeline, so after it
  const { lifeline, folders, reuse } = await takeLifeline(engine, facts, spec, hypervisorSpec, lifetime, signal);
  const restored = spec.snapshot?.use === 'restore' ? spec.snapshot.from : undefined;
  const clock = new GuestClock(restored?.record.virtualMs);
  const tapsReady = Promise.withResolvers<void>();

  const startGuest = async (abort: AbortSignal): Promise<StartedGuest> => {
    const hypervisor = await Hypervisor.start({ lifeline, access: facts.access, folders }, hypervisorSpec, abort);
    started.hypervisor = hypervisor;
    await assertUnchanged(disk.files); // now that QEMU has opened them
    hypervisor.qmp.onEvent((event) => {
      clock.take(event);
    });
    started.restoring = restored && restore(hypervisor, restored, signal);
    if (started.restoring) markHandled(started.restoring); // told below
    await prepareTaps(lifeline, linkSpecs.map(tapOf), abort);
    tapsReady.resolve();
    const opened = await openConsole(hypervisor, spec, lifetime, abort);
    await started.restoring;
    return { hypervisor, ...opened };
  };
  const startNodes = linkSpecs.map((link) => async (abort: AbortSignal): Promise<Node> => {
    const hostsFile =
      facts.access.kind === 'bind' ? await makeHostsFile(join(directory, link.node.hostsFile), lifetime) : undefined;
    const node = await Node.start({ engine, lifeline, image: nodeImage, hostsFile }, link.node, abort);
    lifetime.defer(node.name, () => node[Symbol.asyncDispose]());
    await raceWithSignal(tapsReady.promise, abort);
    // at once, while others start: the kernel takes some 20 ms for each, one after the other, in which it only waits
    await connect(lifeline, node, tapOf(link), abort);
    return node;
  });
  const [{ hypervisor, console, consoleEnded }, ...nodes] = await allOrAbort<[StartedGuest, ...Node[]]>(signal, [
    startGuest,
    ...startNodes,
  ]).catch(async (error: unknown) => {
    await started.restoring; // when QEMU ends because of the snapshot, all else fails too: its reason is the one to be told
    throw error;
  });
  const startMs = Math.floor(machine.clockStart.getTime() / 1000) * 1000; // filter-dump adds it to the virtual clock
  const toWallClock = (recordedMs: number): number => clock.wallMs(recordedMs - startMs);

  const links = nodes.map((node, index) => {
    const link = linkSpecs[index];
    if (!link) throw new BugError(`${node.name} is on no link`);
    const { name, nic } = link;
    const source = {
      name,
      container: hypervisor.container,
      path: join(hypervisor.directory, nic.capture.file),
      file: isCopy ? undefined : join(directory, nic.capture.file),
      toWallClock,
      decoder: spec.decoder,
    };
    const capture = new Capture(source, join(directory, nic.capture.file));
    return new Link({ name, index, nic, model: appliance.nic, node, capture, qmp: hypervisor.qmp });
  });
  const dut = new Dut({
    appliance,
    access: createAccess({ appliance, console, timeFactor: facts.timeFactor }),
    directory,
    timeFactor: facts.timeFactor,
    hypervisor,
    console,
    consoleEnded,
    links,
    clock,
    isRestored: restored !== undefined,
  });
  const finishCaptures = async (): Promise<void> => {
    if (isCopy && links.length > 0) await fetchCaptures(lifeline, hypervisor.directory, directory);
    await Promise.all(links.map(({ capture }) => finishCapture(capture.path, toWallClock)));
  };
  return {
    dut,
    lifeline,
    isCopied: isCopy,
    reuse,
    hypervisor,
    nodes,
    apps: new Apps(engine, lifeline, facts.images),
    finishCaptures,
  };
}

/** Acquires a lifeline. It ends with the lifetime, unless `reuse` was called: then it goes back to the pool. */
async function takeLifeline(
  engine: Engine,
  facts: HostFacts,
  { lifelines }: TestbedSpec,
  hypervisor: HypervisorSpec,
  lifetime: Lifetime,
  signal?: AbortSignal,
): Promise<{ readonly lifeline: Lifeline; readonly folders: SharedFolders; readonly reuse: (() => void) | undefined }> {
  const pooled = lifelines?.planFor(facts, hypervisor);
  const plan = pooled ?? planLifeline(facts, sharedFolders(hypervisor));
  let isReusable = false;
  const lifeline =
    pooled && lifelines ? await lifelines.acquire(engine, plan, signal) : await Lifeline.create(engine, plan.spec, signal);
  lifetime.defer('lifeline', () =>
    isReusable && lifelines ? lifelines.release(lifeline, plan) : lifeline[Symbol.asyncDispose](),
  );
  const reuse = (): void => {
    isReusable = true;
  };
  return { lifeline, folders: plan.folders, reuse: pooled && reuse };
}

function snapshotUse({ snapshot }: TestbedSpec): SnapshotUse | undefined {
  if (!snapshot) return undefined;
  return { use: snapshot.use, directory: snapshot.use === 'make' ? snapshot.directory : snapshot.from.directory };
}

/** @throws SnapshotError when this QEMU is not the one that saved it */
async function restore(hypervisor: Hypervisor, { record }: Snapshot, signal?: AbortSignal): Promise<void> {
  const { version } = hypervisor.qmp;
  if (version !== record.qemuVersion) {
    throw new SnapshotError(
      `snapshot ${record.key} was saved by QEMU ${record.qemuVersion}, but this is QEMU ${version}: remove it (alpy snapshot prune --all), and it is made anew`,
    );
  }
  await step('alpy.qemu', 'Load the snapshot', () => hypervisor.loadState({ timeoutMs: restoreTimeoutMs, signal }));
}

async function prepareFolder(directory: string, links: readonly NodeLink[]): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    for (const { nic } of links) await createWorldWritableFile(join(directory, nic.capture.file));
  } catch (cause) {
    throw new EnvironmentError(`cannot make the files of a testbed in ${directory}: ${messageOf(cause)}`, { cause });
  }
}

/** One for each node, as a test may change it. */
async function makeHostsFile(path: string, lifetime: Lifetime): Promise<string> {
  lifetime.defer('hosts', () => rm(path, { force: true }));
  await replaceFile(path, hostsText);
  return path;
}

const lineEnds = { lf: '\n', cr: '\r', crlf: '\r\n' } as const;

async function openConsole(
  hypervisor: Hypervisor,
  { directory, appliance }: TestbedSpec,
  lifetime: Lifetime,
  signal: AbortSignal,
): Promise<{ readonly console: SerialConsole; readonly consoleEnded: Promise<void> }> {
  const stream = await hypervisor.openSerial({ timeoutMs: 30_000, signal });
  const consoleEnded = finished(stream, { writable: false, error: false }).catch(() => undefined); // however it ended
  const transcript = Transcript.create(join(directory, 'console'));
  const console = SerialConsole.open(stream, { transcript, lineEnd: lineEnds[appliance.lineEnd] });
  lifetime.defer('console', () => console.close());
  return { console, consoleEnded };
}

function tapOf({ nic, interface: device }: NodeLink): Tap {
  return { name: nic.tap, interface: device };
}

async function connect(lifeline: Lifeline, node: Node, tap: Tap, signal: AbortSignal): Promise<void> {
  await step('alpy.network', `Connect ${node.name}`, async () => {
    await moveTap(lifeline, tap, node, signal);
    await node.bringUp({ signal });
  });
}

async function fetchCaptures(lifeline: Lifeline, from: string, to: string): Promise<void> {
  for (const [name, content] of await lifeline.container.read(from))
    await replaceFile(join(to, name.split('/').at(-1) ?? name), content);
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { allEnded } from '../core/all-ended.ts';
import { BugError } from '../core/errors.ts';
import { createAccess } from '../access/index.ts';
import type { Node } from '../network/index.ts';
import { recorderOf, type Wire, type WireEnd } from '../topology/index.ts';
import { captureOf, finishCaptures, wallClockOf, type CapturePlace } from './captures.ts';
import { restoredFrom, type CreationContext } from './creation.ts';
import { Dut } from './dut.ts';
import type { DutParts } from './dut-parts.ts';
import { Link } from './link.ts';
import type { LinkEnd } from './link-end.ts';
import { nicModel } from './machine-spec.ts';
import type { StartedMachine } from './machine.ts';
import type { SnapshotWatch } from './snapshot-watch.ts';
import type { TestbedParts } from './testbed.ts';

/** Everything that runs in a testbed. */
export interface Running {
  /** in the order of the DUTs */
  readonly machines: readonly StartedMachine[];
  /** in the order of the topology */
  readonly nodes: readonly Node[];
}

/** A link, and the machine whose NIC records it. */
interface RecordedLink {
  readonly link: Link;
  readonly machine: StartedMachine;
}

/** Makes the parts of a testbed from everything that runs. @param snapshots - those that are watched, by device */
export function testbedParts(
  context: CreationContext,
  running: Running,
  snapshots: readonly (SnapshotWatch | undefined)[],
): TestbedParts {
  const { machines, nodes } = running;
  const places = new Map(machines.map((machine) => [machine, capturePlace(context, machine)]));
  const recorded = context.wires.flatMap((wire, index) => recordedLink(wire, index, running, places));
  const links = recorded.map(({ link }) => link);
  const surroundings = { nodes, links: context.wires.flatMap((wire) => probedLink(wire, nodes)) };
  const [first, ...others] = machines.map((machine, index) => ({
    dut: dutOf(context, machine, links, surroundings),
    screenFile: screenFileOf(context, machine),
    hypervisor: machine.hypervisor,
    snapshotWatch: snapshots[index],
  }));
  if (!first) throw new BugError('the testbed has no device');
  const finishOf = ([machine, place]: readonly [StartedMachine, CapturePlace]): Promise<void> => {
    const own = recorded.filter((one) => one.machine === machine);
    return finishCaptures(own.map(({ link }) => link.capture), place); // prettier-ignore
  };
  return {
    devices: [first, ...others],
    nodes,
    links,
    started: context.started,
    finishCaptures: () => allEnded([...places].map(finishOf)),
  };
}

function screenFileOf({ spec }: CreationContext, { device }: StartedMachine): string {
  return join(spec.directory, device.files.screen);
}

function dutOf(
  context: CreationContext,
  machine: StartedMachine,
  links: readonly Link[],
  surroundings: DutParts['surroundings'],
): Dut {
  const { device, hypervisor, console, consoleEnded } = machine;
  const { dut, name, appliance, clock, facts } = device;
  const { timeFactor } = facts;
  return new Dut({
    name,
    appliance,
    access: createAccess({ appliance, console, timeFactor }),
    screenFile: screenFileOf(context, machine),
    timeFactor,
    hypervisor,
    console,
    consoleEnded,
    links: dut.nics.flatMap(({ id }) => links.filter(({ ends }) => ends.some((end) => isNic(end, dut.name, id)))),
    surroundings,
    clock,
    isRestored: restoredFrom(device) !== undefined,
  });
}

function isNic(end: LinkEnd, dut: string, id: string): boolean {
  return end.kind === 'nic' && end.dut === dut && end.spec.id === id;
}

/** Empty if no NIC records the wire, which then leads nowhere. */
function recordedLink(
  wire: Wire,
  index: number,
  running: Running,
  places: ReadonlyMap<StartedMachine, CapturePlace>,
): readonly RecordedLink[] {
  const { name, ends } = wire;
  const recorder = recorderOf(wire);
  const machine = running.machines.find(({ device }) => device.dut === recorder?.dut);
  const place = machine && places.get(machine);
  if (name === undefined || !recorder || !machine || !place) return [];
  const capture = captureOf(name, recorder.capture, place);
  return [{ machine, link: new Link({ name, index, ends: ends.map((end) => linkEnd(end, running)), capture }) }];
}

function linkEnd(end: WireEnd, { machines, nodes }: Running): LinkEnd {
  if (end.kind === 'interface') {
    const node = nodes.find(({ name }) => name === end.node.name);
    const found = node?.interfaces.find(({ name }) => name === end.interface.name);
    if (!node || !found) throw new BugError(`the node ${end.node.name} does not run`);
    return { kind: 'interface', name: node.name, node, interface: found };
  }
  const { dut, nic } = end;
  const machine = machines.find(({ device }) => device.dut === dut);
  if (!machine) throw new BugError(`the device ${dut.name} does not run`);
  const number = dut.nics.indexOf(nic);
  const model = nicModel(machine.device.appliance, number);
  return {
    kind: 'nic',
    name: `${dut.name}:${number}`,
    dut: dut.name,
    mac: nic.mac,
    model,
    spec: nic,
    machine: machine.hypervisor,
  };
}

/** A link as the conditions of `appliance.ready` know it. */
function probedLink({ name, ends }: Wire, nodes: readonly Node[]): DutParts['surroundings']['links'] {
  if (name === undefined) return [];
  const interfaces = ends.flatMap((end) => {
    if (end.kind === 'nic') return [];
    const node = nodes.find((one) => one.name === end.node.name);
    return node ? [{ node, name: end.interface.name }] : [];
  });
  return [{ name, interfaces }];
}

function capturePlace({ spec, started }: CreationContext, { device, hypervisor }: StartedMachine): CapturePlace {
  return {
    hypervisor,
    directory: spec.directory,
    areInside: started.areCapturesInside,
    toWallClock: wallClockOf(device.clock, device.machine.machine.clockStart),
    decoder: spec.decoder,
  };
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { allEnded } from '../core/all-ended.ts';
import { BugError } from '../core/errors.ts';
import { createAccess } from '../access/index.ts';
import type { Node } from '../network/index.ts';
import type { Junction } from '../qemu/index.ts';
import { recorderOf, type InterfaceEnd, type Wire, type WireEnd } from '../topology/index.ts';
import { captureOf, finishCaptures, wallClockOf, type CapturePlace } from './captures.ts';
import { restoredFrom, type CreationContext } from './creation.ts';
import { Dut } from './dut.ts';
import type { DutParts } from './dut-parts.ts';
import { Link } from './link.ts';
import type { JunctionPort, LinkEnd } from './link-end.ts';
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

/** What records links, a device or the junction, and where its captures are. */
interface RunningRecorder {
  readonly machine?: StartedMachine;
  readonly junction?: Junction;
  readonly place: CapturePlace;
}

/** A link, and where its capture is. */
interface RecordedLink {
  readonly link: Link;
  readonly place: CapturePlace;
}

/** Makes the parts of a testbed from everything that runs. @param snapshots - those that are watched, by device */
export function testbedParts(
  context: CreationContext,
  running: Running,
  snapshots: readonly (SnapshotWatch | undefined)[],
): TestbedParts {
  const { machines, nodes } = running;
  const ofMachines = machines.map((machine) => ({ machine, place: placeOfMachine(context, machine) }));
  const ofJunctions = context.started.junctions.map((junction) => ({ junction, place: placeOfJunction(context, junction) }));
  const recorders = [...ofMachines, ...ofJunctions];
  const linkCount = context.spec.topology.links.length;
  const recorded = context.wires.flatMap((wire, index) => {
    const place = { index, isSegment: index >= linkCount }; // segments come after links
    return recordedLink(wire, place, running, recorders);
  });
  const links = recorded.map(({ link }) => link);
  const surroundings = { nodes, links: context.wires.flatMap((wire) => probedLink(wire, nodes)) };
  const [first, ...others] = machines.map((machine, index) => ({
    dut: dutOf(context, machine, links, surroundings),
    screenFile: screenFileOf(context, machine),
    hypervisor: machine.hypervisor,
    snapshotWatch: snapshots[index],
  }));
  if (!first) throw new BugError('the testbed has no device');
  const finishOf = ({ place }: RunningRecorder): Promise<void> => {
    const captures = recorded.filter((one) => one.place === place).map(({ link }) => link.capture);
    return finishCaptures(captures, place);
  };
  return {
    devices: [first, ...others],
    nodes,
    links,
    started: context.started,
    finishCaptures: () => allEnded(recorders.map(finishOf)),
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
    access: createAccess({ name, appliance, console, timeFactor, device: device.ofDevice === '' ? undefined : name }),
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

/** Empty if nothing records the wire, which then leads nowhere. */
function recordedLink(
  wire: Wire,
  place: { readonly index: number; readonly isSegment: boolean },
  running: Running,
  recorders: readonly RunningRecorder[],
): readonly RecordedLink[] {
  const { name, ends } = wire;
  const spec = recorderOf(wire);
  const recorder = recorders.find(({ machine }) => machine?.device.dut === spec?.dut);
  if (name === undefined || !spec || !recorder) return [];
  const capture = captureOf(name, spec.capture, recorder.place);
  const found = ends.map((end) => linkEnd(end, running, (one) => junctionPort(one, wire, recorder.junction)));
  return [{ place: recorder.place, link: new Link({ name, ...place, ends: found, capture }) }];
}

function linkEnd(end: WireEnd, { machines, nodes }: Running, portOf: (end: InterfaceEnd) => JunctionPort | undefined): LinkEnd {
  if (end.kind === 'interface') {
    const node = nodes.find(({ name }) => name === end.node.name);
    const found = node?.interfaces.find(({ name }) => name === end.interface.name);
    if (!node || !found) throw new BugError(`the node ${end.node.name} does not run`);
    const port = portOf(end);
    return { kind: 'interface', name: node.name, node, interface: found, ...(port ? { port } : {}) };
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

/**
 * What an interface of a node is in the junction.
 * @param junction - absent for a wire with a NIC
 */
function junctionPort({ tap, node }: InterfaceEnd, { uplink }: Wire, junction: Junction | undefined): JunctionPort | undefined {
  return junction && tap !== undefined ? { netdev: tap, machine: junction, isUplink: uplink?.node === node.name } : undefined;
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

function placeOfMachine(context: CreationContext, { device, hypervisor }: StartedMachine): CapturePlace {
  return capturePlace(context, hypervisor, wallClockOf(device.clock, device.machine.machine.clockStart));
}

function placeOfJunction(context: CreationContext, junction: Junction): CapturePlace {
  return capturePlace(context, junction, wallClockOf(junction.clock, junction.clockStart));
}

function capturePlace(
  { spec, started }: CreationContext,
  hypervisor: CapturePlace['hypervisor'],
  toWallClock: CapturePlace['toWallClock'],
): CapturePlace {
  const { directory, decoder } = spec;
  return { hypervisor, directory, areInside: started.areCapturesInside, toWallClock, decoder };
}

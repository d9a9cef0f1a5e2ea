// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import { assertMacsDiffer, assertNicsFit } from './assert-nics.ts';
import { captureFile } from './capture-file.ts';
import { longProblems } from './mistakes.ts';
import { maxLinks, pciPlaces } from './pci-places.ts';
import { endText, nicNumbers, shortPlan, type Connection, type Plan, type PlannedEnd } from './plan.ts';
import type { DeviceNics, LongTopology, NicsOfAppliance, RawTopology } from './raw-topology.ts';
import { readLong } from './read-long.ts';
import { endsAt, hexByte, interfaceName, nodeSpecs } from './resolve-nodes.ts';
import type { DutSpec, EndSpec, NicSpec, Topology } from './topology.ts';

/**
 * Decides every name, address and identifier of a topology. Pure.
 * @param appliances - those of the devices, by the devices' names, or one for every device; may have MAC addresses for the NICs
 * @throws UsageError if the topology is not possible, if an appliance does not go together with its links, or if two interfaces have
 * the same MAC address
 */
export function resolveTopology(raw: RawTopology, appliances: NicsOfAppliance | readonly DeviceNics[] = {}): Topology {
  const plan = planOf(raw);
  const applianceOf = (dut: string): NicsOfAppliance =>
    isList(appliances) ? (appliances.find(({ name }) => name === dut)?.appliance ?? {}) : appliances;
  for (const { name } of plan.duts) assertNicsFit(nicNumbers(plan, name).length, applianceOf(name));
  const [first, ...others] = plan.duts.map((dut, index) => dutSpec(plan, dut, index, applianceOf(dut.name)));
  if (!first) throw new UsageError('topology.duts: expected at least one device, got none');
  const topology: Topology = {
    duts: [first, ...others],
    nodes: nodeSpecs(plan, raw.nodes ?? {}),
    links: plan.connections.flatMap((connection) => {
      const [one, other] = endSpecs(plan, connection);
      return connection.kind === 'link' && one && other ? [{ name: connection.name, ends: [one, other] as const }] : [];
    }),
    segments: plan.connections.flatMap((connection) =>
      connection.kind === 'segment' ? [{ name: connection.name, ends: endSpecs(plan, connection) }] : [],
    ),
  };
  assertMacsDiffer(topology, (dut, number) => (isLong(raw) ? `${dut}:${number}` : `appliance.nics.${number}`));
  return topology;
}

/** The names of the nodes of a topology. */
export function nodeNames(raw: RawTopology): readonly string[] {
  return isLong(raw) ? Object.keys(raw.nodes ?? {}) : shortPlan(raw).nodes;
}

/** Whether a topology is in its long form. */
export function isLong(raw: RawTopology): raw is LongTopology {
  return raw.duts !== undefined;
}

function planOf(raw: RawTopology): Plan {
  if (isLong(raw)) {
    const appliances = Object.values(raw.duts).map((dut) => (typeof dut === 'string' ? dut : dut.appliance));
    const problems = longProblems({ ...raw }, appliances);
    if (problems.length > 0)
      throw new UsageError(problems.map(({ path, text }) => `topology.${path.join('.')}: ${text}`).join('\n'));
    return readLong({ ...raw }).plan;
  }
  if (!Number.isInteger(raw.links) || raw.links < 0 || raw.links > maxLinks)
    throw new UsageError(`topology.links: expected a whole number from 0 to ${maxLinks}, got ${String(raw.links)}`);
  return shortPlan(raw);
}

function dutSpec(plan: Plan, dut: Plan['duts'][number], dutIndex: number, { nics }: NicsOfAppliance): DutSpec {
  const count = nicNumbers(plan, dut.name).length;
  return {
    ...dut,
    nics: pciPlaces(count).map((place, number) => nicSpec(plan, dut.name, dutIndex, number, place, nics?.[number]?.mac)),
  };
}

function nicSpec(
  plan: Plan,
  dut: string,
  dutIndex: number,
  number: number,
  place: Pick<NicSpec, 'pciBus' | 'pciSlot'>,
  mac: string | undefined,
): NicSpec {
  const connection = plan.connections.find(({ ends }) => ends.some((end) => isNic(end, dut, number)));
  const end = connection?.ends.find((one) => isNic(one, dut, number));
  const isFirst = connection?.ends.find(({ kind }) => kind === 'nic') === end;
  return {
    id: nicId(number),
    netdev: `net${number}`,
    // QEMU's prefix; the same in every testbed, because no testbed sees the links of another
    mac: (end?.mac ?? mac)?.toLowerCase() ?? `52:54:00:a1:${hexByte(dutIndex)}:${hexByte(number)}`,
    ...place,
    tap: `${dutIndex === 0 ? '' : `dut${dutIndex}`}tap${number}`,
    ...(connection && isFirst ? { capture: { id: `capture${number}`, file: captureFile(connection.name) } } : {}),
  };
}

function isNic(end: PlannedEnd, dut: string, number: number): boolean {
  return end.kind === 'nic' && endText(end) === `${dut}:${number}`;
}

function endSpecs(plan: Plan, { ends }: Connection): readonly EndSpec[] {
  return ends.map((end): EndSpec => {
    if (end.kind === 'nic') return { kind: 'nic', dut: end.dut, nic: nicId(end.number) };
    return { kind: 'interface', node: end.node, interface: interfaceName(endsAt(plan, end.node).indexOf(end)) };
  });
}

function isList(value: NicsOfAppliance | readonly DeviceNics[]): value is readonly DeviceNics[] {
  return Array.isArray(value);
}

function nicId(number: number): string {
  return `nic${number}`;
}

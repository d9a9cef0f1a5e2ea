// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import { buildTopology } from './build.ts';
import { macProblems } from './mac-problems.ts';
import { checkLong } from './mistakes.ts';
import { nicProblems } from './nic-problems.ts';
import { maxLinks } from './pci-places.ts';
import { nicNumbers, shortPlan, type Plan } from './plan.ts';
import type { DeviceNics, LongTopology, NicsOfAppliance, RawTopology } from './raw-topology.ts';
import type { Topology } from './topology.ts';

/**
 * Decides every name, address and identifier of a topology. Pure.
 * @param appliances - those of the devices, by the devices' names, or one for every device; may have MAC addresses for the NICs
 * @throws UsageError if the topology is not possible, if an appliance does not go together with its links, or if two interfaces have
 * the same MAC address
 */
export function resolveTopology(raw: RawTopology, appliances: NicsOfAppliance | readonly DeviceNics[] = {}): Topology {
  const applianceOf = (dut: string): NicsOfAppliance =>
    isList(appliances) ? (appliances.find(({ name }) => name === dut)?.appliance ?? {}) : appliances;
  const plan = planOf(raw);
  assertNone(plan.duts.flatMap(({ name }) => deviceProblems(plan, name, applianceOf(name))));
  const topology = buildTopology(plan, raw.nodes ?? {}, applianceOf);
  assertNone(
    macProblems(topology, plan).map(({ path, text, owner }) =>
      plan.isShort ? `${owner}.mac: ${text}` : `topology.${path.join('.')}: ${text}`,
    ),
  );
  return topology;
}

/** The names of the nodes of a topology. Pure. */
export function nodeNames(raw: RawTopology): readonly string[] {
  return isLong(raw) ? Object.keys(raw.nodes ?? {}) : shortPlan(raw).nodes;
}

/** Whether a topology is in its long form. Pure. */
export function isLong(raw: RawTopology): raw is LongTopology {
  return raw.duts !== undefined;
}

function planOf(raw: RawTopology): Plan {
  if (isLong(raw)) {
    const appliances = Object.values(raw.duts).map((dut) => (typeof dut === 'string' ? dut : dut.appliance));
    const { plan, problems } = checkLong({ ...raw }, appliances);
    assertNone(problems.map(({ path, text }) => `topology.${path.join('.')}: ${text}`));
    return plan;
  }
  if (!Number.isInteger(raw.links) || raw.links < 0 || raw.links > maxLinks)
    throw new UsageError(`topology.links: expected a whole number from 0 to ${maxLinks}, got ${String(raw.links)}`);
  return shortPlan(raw);
}

function deviceProblems(plan: Plan, dut: string, appliance: NicsOfAppliance): readonly string[] {
  const count = nicNumbers(plan, dut).length;
  if (plan.isShort) return nicProblems(count, appliance).slice(0, 1);
  return nicProblems(count, appliance, dut).map((problem) => `topology.duts.${dut}: ${problem}`);
}

function assertNone(problems: readonly string[]): void {
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
}

function isList(value: NicsOfAppliance | readonly DeviceNics[]): value is readonly DeviceNics[] {
  return Array.isArray(value);
}

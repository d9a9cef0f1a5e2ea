// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import { valueAt, type Path } from '../core/value-at.ts';
import { isSafeName, nicNumbers, nicProblems, type Plan } from '../topology/index.ts';
import { applianceProblems } from './appliance-checks.ts';
import { ApplianceOverrides, ApplianceSchema } from './appliance-schema.ts';
import { contradictions } from './contradictions.ts';
import { problemsOf, type Problem } from './problems.ts';
import type { Appliance } from './schema.ts';
import type { ReadTopology } from './topology-checks.ts';

/** The key `appliance` as the name of an appliance. */
export const onlyAppliance = 'appliance';

/** A device before its paths are absolute. */
export interface RawDevice {
  readonly name: string;
  readonly appliance: Appliance;
  /** where the configuration has a key of it */
  readonly pathOf: (key: string) => readonly string[];
}

/** Where the configuration describes an appliance. Pure. */
export function appliancePath(name: string): readonly string[] {
  return name === onlyAppliance ? [onlyAppliance] : ['appliances', name];
}

/** The names of all appliances of a configuration. Pure. */
export function applianceNames(raw: unknown): readonly string[] {
  const named = valueAt(raw, ['appliances']);
  const only = valueAt(raw, [onlyAppliance]);
  return [...(only === undefined ? [] : [onlyAppliance]), ...Object.keys(isJsonObject(named) ? named : {})];
}

/** An appliance with all defaults, or undefined if something is wrong with it, which the schema reports. Pure. */
export function applianceNamed(raw: unknown, name: string): Appliance | undefined {
  const described = valueAt(raw, appliancePath(name));
  const { data } = ApplianceSchema.safeParse(described);
  if (!data || name === onlyAppliance || valueAt(described, ['name']) !== undefined) return data;
  return isSafeName(name) ? { ...data, name } : data;
}

/** The devices of a configuration, and what is wrong with them, if their appliances can be understood. Pure. */
export function readDevices(
  raw: unknown,
  topology: ReadTopology,
): { readonly devices: readonly RawDevice[]; readonly problems: readonly Problem[] } {
  const read = topology.plan.duts.map(({ name, appliance }) => {
    const dut = valueAt(raw, ['topology', 'duts', name]);
    const own = isJsonObject(dut) ? Object.fromEntries(Object.entries(dut).filter(([key]) => key !== onlyAppliance)) : {};
    return readDevice(name, appliancePath(appliance), applianceNamed(raw, appliance), own, topology);
  });
  return {
    devices: read.flatMap(({ device }) => (device ? [device] : [])),
    problems: read.flatMap(({ problems }) => problems),
  };
}

function readDevice(
  name: string,
  base: readonly string[],
  appliance: Appliance | undefined,
  own: JsonObject,
  topology: ReadTopology,
): { readonly device?: RawDevice; readonly problems: readonly Problem[] } {
  if (!appliance || !ApplianceOverrides.safeParse(own).success) return { problems: [] };
  const ownPath = ['topology', 'duts', name];
  const { data, error } = ApplianceSchema.safeParse({ ...appliance, ...own });
  if (!data) {
    const issues = error.issues.map((issue) => ({ ...issue, path: [...ownPath, ...issue.path] }));
    return { problems: problemsOf(issues, { topology: { duts: { [name]: { ...appliance, ...own } } } }, () => undefined) };
  }
  const pathOf = (key: string): readonly string[] => [...(Object.hasOwn(own, key) ? ownPath : base), key];
  const isPlain = Object.keys(own).length === 0;
  const problems = deviceProblems(name, data, topology).map((text) => located(text, isPlain ? base : ownPath, pathOf));
  return { device: { name, appliance: data, pathOf }, problems };
}

/** What does not go together in an appliance and the links of its device. Each begins with `appliance.`. Pure. */
export function deviceProblems(name: string, appliance: Appliance, { plan, isComplete }: ReadTopology): readonly string[] {
  const count = nicNumbers(plan, name).length;
  const dut = plan.isShort ? undefined : name;
  return [
    ...applianceProblems(appliance, count, dut),
    ...nicProblems(count, appliance, dut),
    ...contradictions(appliance, isComplete ? placesOf(plan) : undefined),
  ];
}

function placesOf({ nodes, connections }: Plan): { readonly nodes: readonly string[]; readonly links: readonly string[] } {
  return { nodes, links: connections.flatMap(({ kind, name }) => (kind === 'link' ? [name] : [])) };
}

/** A problem with `appliance.` replaced by where the appliance is described. */
function located(text: string, base: readonly string[], pathOf: (key: string) => Path): Problem {
  const [, key = ''] = /^appliance\.([^:]*):/.exec(text) ?? [];
  const [first = '', ...others] = key.split('.');
  return {
    path: [...pathOf(first), ...others.map(indexOrKey)],
    text: text.replaceAll(/\bappliance\.(?=[a-z])/g, `${base.join('.')}.`),
  };
}

function indexOrKey(key: string): string | number {
  return /^\d+$/.test(key) ? Number(key) : key;
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { z } from 'zod';
import { isJsonObject } from '../core/json-object.ts';
import { valueAt, type Path } from '../core/value-at.ts';
import { buildTopology, isSafeName, macProblems, safeNameText } from '../topology/index.ts';
import { applianceNames, onlyAppliance, readDevices, type RawDevice } from './devices.ts';
import { pathText, problemsOf, type Problem } from './problems.ts';
import { ConfigSchema } from './schema.ts';
import { readTopology, type ReadTopology } from './topology-checks.ts';
import { topologyOf } from './topology-schema.ts';

/** A configuration whose paths are not absolute yet. */
export interface CheckedConfig {
  readonly data: z.output<typeof ConfigSchema>;
  readonly devices: readonly [RawDevice, ...RawDevice[]];
}

/**
 * Finds everything that is wrong with a configuration. Pure.
 * @param merged - all layers of the configuration
 * @param sourceOf - what set the value at a path, if not the file itself
 */
export function checkConfig(
  merged: unknown,
  sourceOf: (path: Path) => string | undefined,
): { readonly checked: CheckedConfig | undefined; readonly problems: readonly Problem[] } {
  const { data, error } = ConfigSchema.safeParse(merged);
  const topology = readTopology(valueAt(merged, ['topology']), applianceNames(merged));
  const { devices, problems: ofDevices } = topology ? readDevices(merged, topology) : { devices: [], problems: [] };
  const problems = [
    ...applianceProblems(merged),
    ...problemsOf(error?.issues ?? [], merged, sourceOf),
    ...(topology?.problems ?? []).map((problem) => inTopology(problem, sourceOf)),
    ...problemsOf(topology?.issues ?? [], merged, sourceOf),
    ...ofDevices,
  ];
  const [first, ...others] = devices;
  if (!data || !topology || !first || problems.length > 0) return { checked: undefined, problems };
  const checked: CheckedConfig = { data, devices: [first, ...others] };
  return { checked, problems: addressProblems(checked, topology) };
}

/** Mistakes in the names of appliances, and an appliance that is missing. */
function applianceProblems(merged: unknown): readonly Problem[] {
  if (!isJsonObject(merged)) return [];
  const { appliance, appliances } = merged;
  const [duts, links, segments] = ['duts', 'links', 'segments'].map((key) => valueAt(merged, ['topology', key]));
  const lacksDuts = duts === undefined && (Array.isArray(links) || segments !== undefined); // reported as such
  const names = Object.keys(isJsonObject(appliances) ? appliances : {});
  return [
    ...(appliance === undefined && duts === undefined && !(lacksDuts && names.length > 0)
      ? [
          {
            path: [onlyAppliance],
            text: `appliance: expected an object, got nothing${names.length > 0 ? '. Add it, or name the devices and their appliances in topology.duts' : ''}`,
          },
        ]
      : []),
    ...names.flatMap((name) => {
      const path = ['appliances', name];
      if (!isSafeName(name)) return [{ path, text: `${pathText(path)}: expected ${safeNameText}, got ${JSON.stringify(name)}` }];
      if (name !== onlyAppliance) return [];
      return [{ path, text: `${pathText(path)}: expected a name other than that of the key appliance. Rename it` }];
    }),
  ];
}

function inTopology(
  { path, text }: { readonly path: Path; readonly text: string },
  sourceOf: (path: Path) => string | undefined,
): Problem {
  const whole = ['topology', ...path];
  const source = sourceOf(whole);
  return { path: whole, text: `${pathText(whole)}${source === undefined ? '' : ` (from ${source})`}: ${text}`, source };
}

function addressProblems({ data, devices }: CheckedConfig, { plan }: ReadTopology): readonly Problem[] {
  const applianceOf = (dut: string): RawDevice['appliance'] | Record<string, never> =>
    devices.find(({ name }) => name === dut)?.appliance ?? {};
  const topology = buildTopology(plan, topologyOf(data.topology).nodes ?? {}, applianceOf);
  return macProblems(topology, plan).map(({ path, text, owner }): Problem => {
    if (plan.isShort) return { path: [...owner.split('.'), 'mac'], text: `${owner}.mac: ${text}` };
    return inTopology({ path, text }, () => undefined);
  });
}

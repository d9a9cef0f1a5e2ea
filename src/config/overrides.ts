// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../core/errors.ts';
import { isLong, withNodePaths, type RawDut, type RawTopology } from '../topology/index.ts';
import { withAbsolutePaths } from './appliance-paths.ts';
import { ApplianceOverrides, combinationProblems } from './appliance-schema.ts';
import { deviceProblems, onlyAppliance } from './devices.ts';
import { pathText, problemsOf } from './problems.ts';
import { ConfigSchema, type Appliance, type Config, type Device } from './schema.ts';
import { readTopology, type ReadTopology } from './topology-checks.ts';

const { topology, boot } = ConfigSchema.shape;
const OverridesSchema = z.strictObject({ appliance: ApplianceOverrides, topology, boot });

/** Values of the configuration that a test can override. */
export interface Overrides {
  readonly appliance: unknown;
  readonly topology: unknown;
  readonly boot: unknown;
}

/** What a test has instead of what the configuration says. */
export interface Overridden {
  /** in the order of the topology */
  readonly devices: readonly [Device, ...Device[]];
  readonly topology: RawTopology;
}

/**
 * The devices and the topology of a test: those of the configuration, with what the test overrides. Pure.
 * @param overrides - its `appliance` changes all devices
 * @param root - folder of the configuration, to which the paths of a test are relative, too
 * @param isFile - whether a path is that of a file
 * @throws UsageError with all values that do not go together
 */
export function overriddenDevices(
  config: Config,
  overrides: { readonly appliance: Partial<Appliance>; readonly topology: RawTopology },
  root: string,
  isFile: (path: string) => boolean,
): Overridden {
  const read = readTopology(overrides.topology, Object.keys(config.appliances));
  if (!read) throw new UsageError('test.override: topology: expected a topology, got something else');
  const devices = read.plan.duts.map(({ name, appliance }): Device => {
    const changes = { ...ownKeys(overrides.topology, name), ...overrides.appliance };
    return { name, appliance: overridden(applianceOf(config, appliance), changes, root, isFile) };
  });
  assertNone(devices.flatMap(({ name, appliance }) => applianceTexts(name, appliance, read)));
  const [first, ...others] = devices;
  if (!first) throw new UsageError('test.override: topology: expected a device, got none. Add one to topology.duts');
  return { devices: [first, ...others], topology: withNodePaths(overrides.topology, (path) => resolve(root, path)) };
}

/** An appliance with what a test overrides. Pure. @see {@link overriddenDevices} */
export function overridden(
  appliance: Appliance,
  overrides: Partial<Appliance>,
  root: string,
  isFile: (path: string) => boolean,
): Appliance {
  return withAbsolutePaths({ ...appliance, ...overrides }, (_key, path) => resolve(root, path), isFile);
}

/** Checks what a test overrides, like a configuration. @throws UsageError with all problems */
export function checkOverrides(overrides: Overrides, appliances: readonly string[]): void {
  const { error } = OverridesSchema.safeParse(overrides);
  const read = readTopology(overrides.topology, appliances);
  assertNone([
    ...problemsOf([...(error?.issues ?? []), ...(read?.issues ?? [])], overrides, () => undefined).map(({ text }) => text),
    ...(read?.problems ?? []).map(({ path, text }) => `${pathText(['topology', ...path])}: ${text}`),
  ]);
}

/** What the long form says about a device beside its appliance. */
function ownKeys(topology: RawTopology, name: string): Partial<Appliance> {
  const dut: RawDut = isLong(topology) ? (topology.duts[name] ?? '') : '';
  if (typeof dut === 'string') return {};
  return Object.fromEntries(Object.entries(dut).filter(([key]) => key !== onlyAppliance));
}

/** In the short form, the only appliance may have any name. */
function applianceOf({ appliances }: Config, name: string): Appliance {
  const all = Object.values(appliances);
  const found = appliances[name] ?? (name === onlyAppliance && all.length === 1 ? all[0] : undefined);
  if (found) return found;
  throw new UsageError(
    `test.override: topology: expected one of the appliances (${Object.keys(appliances).join(', ')}), got ${name}. Name the devices and their appliances in topology.duts`,
  );
}

function applianceTexts(name: string, appliance: Appliance, topology: ReadTopology): readonly string[] {
  const issues = combinationProblems(appliance).map(({ path, expected }) => {
    return { code: 'custom' as const, path: ['appliance', ...path], message: expected, input: appliance };
  });
  const texts = [
    ...problemsOf(issues, { appliance }, () => undefined).map(({ text }) => text),
    ...deviceProblems(name, appliance, topology),
  ];
  return topology.plan.isShort ? texts : texts.map((text) => `${name}: ${text}`);
}

function assertNone(problems: readonly string[]): void {
  if (problems.length > 0) throw new UsageError([...new Set(problems)].map((problem) => `test.override: ${problem}`).join('\n'));
}

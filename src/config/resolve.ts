// SPDX-License-Identifier: GPL-3.0-or-later
import { dirname, resolve } from 'node:path';
import { isJsonObject } from '../core/json-object.ts';
import type { Variables } from '../core/variables.ts';
import { valueAt, type Path } from '../core/value-at.ts';
import { withAbsolutePaths } from './appliance-paths.ts';
import { checkConfig, type CheckedConfig } from './check.ts';
import { applianceNamed, applianceNames, appliancePath, onlyAppliance, type RawDevice } from './devices.ts';
import { ConfigError } from './errors.ts';
import type { Problem } from './problems.ts';
import type { Appliance, Config, ConfigOverrides, Device } from './schema.ts';
import { topologyOf } from './topology-schema.ts';
import { withNodePaths } from '../topology/index.ts';
import { deepFreeze, leaves, overlay } from './tree.ts';
import { ambiguousVariables, flagsFor, setVariables, variablesTree } from './variables.ts';

/** What set a value. */
export type Origin = { readonly kind: 'default' | 'file' | 'flag' } | { readonly kind: 'variable'; readonly name: string };

/** A configuration and where it comes from. */
export interface LoadedConfig {
  readonly config: Config;
  /** absolute path of the configuration file */
  readonly file: string;
  /** directory of the file; the globs of `tests.include` are relative to it */
  readonly root: string;
  /** each value and what set it, by dotted path, in the order of the schema */
  readonly values: ReadonlyMap<string, { readonly value: unknown; readonly origin: Origin }>;
  /** the line of a value in the file, or of the innermost value around it; `undefined` if the file is a program or does not set it */
  readonly lineOf: (path: Path) => number | undefined;
}

/** The sources of a configuration, in ascending order of precedence. */
export interface ConfigLayers {
  /** absolute path of the configuration file */
  readonly file: string;
  /** contents of the file */
  readonly raw: unknown;
  /** the line of a value in the file; default: no line is known */
  readonly lineOf?: ((path: Path) => number | undefined) | undefined;
  readonly variables?: Variables | undefined;
  readonly flags?: ConfigOverrides | undefined;
  /** current directory: paths in variables and flags, and the default of `out`, are relative to it */
  readonly directory: string;
  /** whether a path is that of a file, to tell files in `qemuArgs` from other names; default: none is */
  readonly isFile?: ((path: string) => boolean) | undefined;
}

/**
 * Merges defaults, file, variables and flags and checks the result. Pure.
 * @throws {@link ConfigError} with all problems
 */
export function resolveConfig(layers: ConfigLayers): LoadedConfig {
  const { file, raw, lineOf = () => undefined, variables = {}, directory, isFile = () => false } = layers;
  const root = dirname(file);
  const all = setVariables(variables, raw);
  const ambiguous = ambiguousVariables(raw, all);
  const set = all.filter(({ name }) => !ambiguous.some(({ source }) => source === name));
  const flags = flagsFor(raw, layers.flags);
  const merged = [raw ?? {}, variablesTree(set), flags].reduce(overlay);
  const originOf = (path: Path): Origin => {
    if (path.length === 0) return { kind: 'file' };
    if (valueAt(flags, path) !== undefined) return { kind: 'flag' };
    const variable = set.find((candidate) => candidate.path.join('.') === path.join('.'));
    if (variable) return { kind: 'variable', name: variable.name };
    return { kind: valueAt(raw, path) === undefined ? 'default' : 'file' };
  };
  const { checked, problems } = checkConfig(merged, (path) => sourceText(originOf(path)));
  const texts = inLineOrder([...ambiguous, ...problems], lineOf);
  if (!checked || texts.length > 0) throw new ConfigError(file, [...new Set(texts)]);
  const absolute = (path: readonly string[], value: string): string =>
    resolve(originOf(path).kind === 'file' ? root : directory, value);
  const config = withPaths(merged, checked, absolute, isFile);
  const paths = leaves(shown(merged, config));
  return Object.freeze({
    config: deepFreeze(config),
    file,
    root,
    values: new Map(paths.map(({ path, value }) => [path.join('.'), { value, origin: originOf(path) }])),
    lineOf: (path: Path) => (originOf(path).kind === 'file' ? lineOf(path) : undefined),
  });
}

function withPaths(
  merged: unknown,
  { data, devices }: CheckedConfig,
  absolute: (path: readonly string[], value: string) => string,
  isFile: (path: string) => boolean,
): Config {
  const { out, snapshots } = data;
  const absoluteAppliance = (appliance: Appliance, pathOf: (key: string) => readonly string[]): Appliance =>
    withAbsolutePaths(appliance, ([, key = '', ...below], path) => absolute([...pathOf(key), ...below], path), isFile);
  const appliances = applianceNames(merged).flatMap((name) => {
    const appliance = applianceNamed(merged, name);
    return appliance ? [[name, absoluteAppliance(appliance, (key) => [...appliancePath(name), key])] as const] : [];
  });
  const [first, ...further] = devices;
  const deviceOf = ({ name, appliance, pathOf }: RawDevice): Device => {
    return { name, appliance: absoluteAppliance(appliance, pathOf) };
  };
  return {
    appliances: Object.fromEntries(appliances),
    topology: withNodePaths(topologyOf(data.topology), (path) => absolute(['topology', 'nodes'], path)),
    devices: [deviceOf(first), ...further.map(deviceOf)],
    ...otherKeys(data),
    out: absolute(['out'], out),
    snapshots: {
      ...snapshots,
      ...(snapshots.directory === undefined ? {} : { directory: absolute(['snapshots', 'directory'], snapshots.directory) }),
    },
  };
}

function otherKeys<T extends object>(data: T): Omit<T, 'appliance' | 'appliances' | 'topology'> {
  const others = Object.entries(data).filter(([key]) => !['appliance', 'appliances', 'topology'].includes(key));
  return Object.fromEntries(others) as Omit<T, 'appliance' | 'appliances' | 'topology'>;
}

/** The configuration as a file would have it. */
function shown(merged: unknown, config: Config): unknown {
  const { appliances, topology, devices, ...others } = config;
  const { [onlyAppliance]: only, ...named } = appliances;
  return {
    ...(only ? { appliance: only } : {}),
    ...(Object.keys(named).length > 0 ? { appliances: named } : {}),
    topology: { ...topology, ...(topology.duts ? { duts: shownDuts(valueAt(merged, ['topology', 'duts']), devices) } : {}) },
    ...others,
  };
}

/** Only what the file says about each device: the rest is that of its appliance. */
function shownDuts(duts: unknown, devices: readonly Device[]): unknown {
  const shownDut = (name: string, dut: unknown): unknown => {
    const appliance = devices.find((device) => device.name === name)?.appliance;
    if (!isJsonObject(dut)) return dut;
    return Object.fromEntries(Object.entries(dut).map(([key, value]) => [key, valueAt(appliance, [key]) ?? value]));
  };
  return Object.fromEntries(Object.entries(isJsonObject(duts) ? duts : {}).map(([name, dut]) => [name, shownDut(name, dut)]));
}

/** Problems as text with their lines. Those that are not in the file come last. */
function inLineOrder(problems: readonly Problem[], lineOf: (path: Path) => number | undefined): readonly string[] {
  return problems
    .map(({ path, text, source }) => ({ text, line: source === undefined ? lineOf(path) : undefined }))
    .sort((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity) || 0) // else Infinity - Infinity
    .map(({ text, line }) => (line === undefined ? text : `line ${line}: ${text}`));
}

/** An origin as text, for `alpy config`. */
export function originText(origin: Origin): string {
  return origin.kind === 'variable' ? `variable ${origin.name}` : origin.kind;
}

/** An origin as text, for errors; `undefined` for the file and for defaults, because the error names the file in its first line. */
function sourceText(origin: Origin): string | undefined {
  if (origin.kind === 'variable') return origin.name;
  return origin.kind === 'flag' ? 'the command line' : undefined;
}

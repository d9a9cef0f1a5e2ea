// SPDX-License-Identifier: GPL-3.0-or-later
import { dirname, resolve } from 'node:path';
import { UsageError } from '../core/errors.ts';
import type { Variables } from '../core/variables.ts';
import { resolveTopology, withNodePaths, type Topology } from '../topology/index.ts';
import { applianceProblems } from './appliance-checks.ts';
import { withAbsolutePaths } from './appliance-paths.ts';
import { contradictions } from './contradictions.ts';
import { ConfigError } from './errors.ts';
import { describeProblems } from './problems.ts';
import { ConfigSchema, type Config, type ConfigOverrides } from './schema.ts';
import { deepFreeze, leaves, overlay, valueAt, type Path } from './tree.ts';
import { setVariables, variablesTree } from './variables.ts';

/** What set a value. */
export type Origin = { readonly kind: 'default' | 'file' | 'flag' } | { readonly kind: 'variable'; readonly name: string };

/** A configuration and where it comes from. */
export interface LoadedConfig {
  readonly config: Config;
  /** absolute path of the configuration file */
  readonly file: string;
  /** directory of the file; the globs of `tests.include` are relative to it */
  readonly root: string;
  /** what set each value, by dotted path, in the order of the schema */
  readonly origins: ReadonlyMap<string, Origin>;
}

/** The sources of a configuration, in ascending order of precedence. */
export interface ConfigLayers {
  /** absolute path of the configuration file */
  readonly file: string;
  /** contents of the file */
  readonly raw: unknown;
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
export function resolveConfig({
  file,
  raw,
  variables = {},
  flags = {},
  directory,
  isFile = () => false,
}: ConfigLayers): LoadedConfig {
  const set = setVariables(variables);
  const merged = [raw ?? {}, variablesTree(set), flags].reduce(overlay);
  const originOf = (path: Path): Origin => {
    if (path.length === 0) return { kind: 'file' };
    if (valueAt(flags, path) !== undefined) return { kind: 'flag' };
    const variable = set.find((candidate) => candidate.path.join('.') === path.join('.'));
    if (variable) return { kind: 'variable', name: variable.name };
    return { kind: valueAt(raw, path) === undefined ? 'default' : 'file' };
  };

  const checked = ConfigSchema.safeParse(merged);
  if (!checked.success)
    throw new ConfigError(
      file,
      describeProblems(checked.error.issues, merged, (path) => sourceText(originOf(path))),
    );
  const contradicting = contradictions(checked.data.appliance, topologyOf(file, checked.data));
  if (contradicting.length > 0) throw new ConfigError(file, contradicting);
  const paths = leaves(checked.data);
  const root = dirname(file);
  const absolute = (path: readonly string[], value: string): string =>
    resolve(originOf(path).kind === 'file' ? root : directory, value);
  const snapshots = checked.data.snapshots.directory;
  const config: Config = {
    ...checked.data,
    appliance: withAbsolutePaths(checked.data.appliance, absolute, isFile),
    topology: withNodePaths(checked.data.topology, (path) => absolute(['topology', 'nodes'], path)),
    out: absolute(['out'], checked.data.out),
    snapshots: {
      ...checked.data.snapshots,
      ...(snapshots === undefined ? {} : { directory: absolute(['snapshots', 'directory'], snapshots) }),
    },
  };
  return Object.freeze({
    config: deepFreeze(config),
    file,
    root,
    origins: new Map(paths.map((path) => [path.join('.'), originOf(path)])),
  });
}

/** @throws {@link ConfigError} when the appliance and the topology do not go together */
function topologyOf(file: string, { topology, appliance }: Pick<Config, 'topology' | 'appliance'>): Topology {
  const problems = applianceProblems(appliance, topology.links);
  if (problems.length > 0) throw new ConfigError(file, problems);
  try {
    return resolveTopology(topology, appliance);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new ConfigError(file, [error.message]);
  }
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

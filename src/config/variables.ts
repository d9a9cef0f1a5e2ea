// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject } from '../core/json-object.ts';
import { valueOf, variableName, type Variables } from '../core/variables.ts';
import { valueAt } from '../core/value-at.ts';
import { knownValues } from './known-names.ts';
import type { Problem } from './problems.ts';
import type { ConfigOverrides } from './schema.ts';
import { overlay, treeOf } from './tree.ts';

/** An environment variable that sets a value of the configuration. */
export interface SetVariable {
  readonly name: string;
  readonly path: readonly string[];
  readonly value: string | number | boolean;
}

const imagePrefix = 'ALPY_IMAGE_';

/**
 * The values that `variables` set, read with {@link valueOf}. Those of a `login` are not trimmed, because a password or a prompt
 * may begin or end with a blank. Lists (`qemuArgs`, `include`) have no variable. Other `ALPY_` variables are ignored.
 * @param raw - the contents of the file: each entry of `appliances` has its own variables, and those of `appliance` are for the
 * only entry of `appliances` if the file has no `appliance`
 */
export function setVariables(variables: Variables, raw: unknown): readonly SetVariable[] {
  const common = knownValues().filter(({ type }) => type !== 'array');
  const ofAppliance = common.filter(({ path }) => path[0] === 'appliance');
  const named = namesOf(raw).flatMap((name) =>
    ofAppliance.map(({ path, type }) => ({ path: ['appliances', name, ...path.slice(1)], type })),
  );
  const known = [...common, ...named];
  const names = new Set(known.map(({ path }) => variableName(path)));
  const ownImages = Object.keys(variables)
    .filter((name) => name.startsWith(imagePrefix) && name.length > imagePrefix.length && !names.has(name))
    .map((name) => ({ path: ['images', name.slice(imagePrefix.length).toLowerCase().replaceAll('_', '-')], type: 'string' }));
  const only = onlyNamed(raw);
  return [...known, ...ownImages].flatMap(({ path, type }) => {
    const name = variableName(path);
    const isExact = path[path[0] === 'appliances' ? 2 : 1] === 'login';
    const value = isExact ? variables[name] : valueOf(variables, name);
    if (value === undefined || value === '') return [];
    const isForOnly = path[0] === 'appliance' && only !== undefined;
    return [
      {
        name,
        path: isForOnly ? ['appliances', only, ...path.slice(1)] : path,
        value: typed(value, type),
      },
    ];
  });
}

/** The value that a text means. Text that is not of the type stays text, so that the check reports it. */
function typed(text: string, type: string): string | number | boolean {
  if (type.includes('integer') && /^-?\d+$/.test(text)) return Number(text);
  return type.includes('boolean') && /^(?:true|false)$/.test(text) ? text === 'true' : text;
}

/** Finds variables for an appliance that could be any of several. */
export function ambiguousVariables(raw: unknown, set: readonly SetVariable[]): readonly Problem[] {
  const names = namesOf(raw);
  if (valueAt(raw, ['appliance']) !== undefined || names.length < 2) return [];
  return set.flatMap(({ name, path }) => {
    const [first, ...keys] = path;
    if (first !== 'appliance') return [];
    const own = variableName(['appliances', names[0] ?? '', ...keys]);
    const text = `${name}: expected one appliance that it can be for, got ${names.length} (${names.join(', ')}). Set ${own} instead`;
    return [{ path, text, source: name }];
  });
}

/** Flags for the appliance, moved to the only entry of `appliances` if the file has no `appliance`. */
export function flagsFor(raw: unknown, flags: ConfigOverrides = {}): unknown {
  const only = onlyNamed(raw);
  const { appliance, ...others } = flags;
  return only === undefined || appliance === undefined ? flags : { ...others, appliances: { [only]: appliance } };
}

function namesOf(raw: unknown): readonly string[] {
  const appliances = valueAt(raw, ['appliances']);
  return Object.keys(isJsonObject(appliances) ? appliances : {});
}

function onlyNamed(raw: unknown): string | undefined {
  const names = namesOf(raw);
  return valueAt(raw, ['appliance']) === undefined && names.length === 1 ? names[0] : undefined;
}

/** A tree of all values that variables set. */
export function variablesTree(set: readonly SetVariable[]): unknown {
  return set.reduce<unknown>((tree, { path, value }) => overlay(tree, treeOf(path, value)), {});
}

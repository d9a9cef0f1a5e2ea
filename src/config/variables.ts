// SPDX-License-Identifier: GPL-3.0-or-later
import { valueOf, variableName, type Variables } from '../core/variables.ts';
import { knownValues } from './known-names.ts';
import { overlay, treeOf } from './tree.ts';

/** An environment variable that sets a value of the configuration. */
export interface SetVariable {
  readonly name: string;
  readonly path: readonly string[];
  readonly value: string | number;
}

const imagePrefix = 'ALPY_IMAGE_';

/**
 * The values that `variables` set, read with {@link valueOf}. Those of `appliance.login` are not trimmed, because a password or
 * a prompt may begin or end with a blank. Lists (`qemuArgs`, `include`) have no variable. Other `ALPY_` variables are ignored.
 */
export function setVariables(variables: Variables): readonly SetVariable[] {
  const known = knownValues().filter(({ type }) => type !== 'array');
  const names = new Set(known.map(({ path }) => variableName(path)));
  const ownImages = Object.keys(variables)
    .filter((name) => name.startsWith(imagePrefix) && name.length > imagePrefix.length && !names.has(name))
    .map((name) => ({ path: ['images', name.slice(imagePrefix.length).toLowerCase().replaceAll('_', '-')], type: 'string' }));
  return [...known, ...ownImages].flatMap(({ path, type }) => {
    const name = variableName(path);
    const isExact = path[0] === 'appliance' && path[1] === 'login';
    const value = isExact ? variables[name] : valueOf(variables, name);
    if (value === undefined || value === '') return [];
    // text that is not a number stays text, so that the check reports it
    return [{ name, path, value: type === 'integer' && /^-?\d+$/.test(value) ? Number(value) : value }];
  });
}

/** A tree of all values that variables set. */
export function variablesTree(set: readonly SetVariable[]): unknown {
  return set.reduce<unknown>((tree, { path, value }) => overlay(tree, treeOf(path, value)), {});
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { unknownOptions } from '../core/argument-problems.ts';
import { UsageError } from '../core/errors.ts';

type Method = (this: unknown, first: unknown, ...rest: readonly unknown[]) => unknown;

interface WithFixtures {
  override: Method;
  extend: Method;
}

/**
 * Makes `test.override` refuse names that no fixture has, which Vitest ignores; also in what `test.extend` returns.
 * @param test - with Vitest's methods, which are replaced
 * @param names - of its fixtures
 */
export function checkOverridden(test: object, names: readonly string[]): void {
  const methods = test as WithFixtures;
  const { override, extend } = methods;
  methods.override = function (first, ...rest) {
    const unknown = fixtureNames(first).filter((name) => !names.includes(name));
    if (unknown.length > 0) throw new UsageError(`test.override: ${unknownOptions(unknown, names)}`);
    return override.call(this, first, ...rest);
  };
  methods.extend = function (first, ...rest) {
    const extended = extend.call(this, first, ...rest) as object;
    checkOverridden(extended, [...names, ...fixtureNames(first)]);
    return extended;
  };
}

/** `'name'`, or an object with fixtures by name. */
function fixtureNames(first: unknown): readonly string[] {
  if (typeof first === 'string') return [first];
  return typeof first === 'object' && first !== null ? Object.keys(first) : [];
}

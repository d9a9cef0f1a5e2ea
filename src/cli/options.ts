// SPDX-License-Identifier: GPL-3.0-or-later
// Values of options that yargs would accept without a check.
import { UsageError } from '../core/errors.ts';

/** An option of yargs whose value is a number. */
export interface NumberOption {
  readonly type: 'string';
  readonly requiresArg: true;
  readonly describe: string;
  readonly default?: number;
  readonly coerce: (value: unknown) => number | undefined;
}

/**
 * An option whose value is a whole number.
 * @param name - with its dashes, for messages
 * @param min - the smallest number that is allowed
 */
export function wholeNumberOption(name: string, min: number, describe: string): NumberOption {
  return { type: 'string', requiresArg: true, describe, coerce: (value) => wholeNumber(name, min, value) };
}

/** Reads a whole number. @throws UsageError if it is something else */
export function wholeNumber(name: string, min: number, value: unknown, hint = ''): number | undefined {
  if (value === undefined) return undefined;
  const text = String(oneValue<unknown>(name, value));
  if (/^\d+$/.test(text) && Number(text) >= min && Number.isSafeInteger(Number(text))) return Number(text);
  throw new UsageError(`${name}: expected a whole number of at least ${min}, got ${JSON.stringify(text)}${hint}`);
}

/**
 * An option whose value is a number, perhaps with a fraction.
 * @param name - with its dashes, for messages
 */
export function numberOption(name: string, range: 'above 0' | 'of at least 0', describe: string): NumberOption {
  return { type: 'string', requiresArg: true, describe, coerce: (value) => readNumber(name, range, value) };
}

function readNumber(name: string, range: 'above 0' | 'of at least 0', value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const text = String(oneValue<unknown>(name, value));
  const number = Number(text);
  if (/^\d*\.?\d+$/.test(text) && Number.isFinite(number) && (number > 0 || range === 'of at least 0')) return number;
  throw new UsageError(`${name}: expected a number ${range}, got ${JSON.stringify(text)}`);
}

const unitsMs = { ms: 1, s: 1000, m: 60_000, '': 1 } as const;

/** Reads a duration such as `30s`, `500ms`, `2m`, or a number of milliseconds. @returns `ms` @throws UsageError if it is something else */
export function durationMs(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const text = String(oneValue<unknown>(name, value));
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  const ms = Math.round(Number(number) * unitsMs[unit as keyof typeof unitsMs]);
  if (Number.isSafeInteger(ms) && ms >= 1) return ms;
  throw new UsageError(`${name}: expected a time such as 30s, 500ms or 2m, got ${JSON.stringify(text)}`);
}

/** The value of an option. @throws UsageError if it was given more than once */
export function oneValue<T>(name: string, value: T): T {
  if (!Array.isArray(value)) return value;
  throw new UsageError(`${name}: expected one value, got ${value.length}: ${value.map(String).join(', ')}`);
}

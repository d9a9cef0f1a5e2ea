// SPDX-License-Identifier: GPL-3.0-or-later
import type { z } from 'zod';
import { nearest } from './nearest.ts';
import { valueAt } from './value-at.ts';

/** A parameter of a function. */
export interface Parameter {
  readonly name: string;
  readonly schema: z.ZodType;
  /** names of its options if it is an object with options */
  readonly options: readonly string[] | undefined;
}

/** A function that users call. */
export interface Signature {
  /** the function as users call it: `node.ping` */
  readonly name: string;
  readonly parameters: readonly Parameter[];
}

const ordinals = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'];

/** Arguments and options whose values no message shows: they may be passwords. */
const unshown: ReadonlySet<unknown> = new Set(['password', 'newPassword', 'send', 'data', 'text', 'input', 'content']);

/** What is wrong with one of the arguments, in sentences. Pure. */
export function problemsOf(signature: Signature, index: number, value: unknown): readonly string[] {
  const parameter = signature.parameters[index];
  if (!parameter) return [];
  const { success, error } = parameter.schema.safeParse(value);
  const isOther = parameter.options !== undefined && isOtherObject(value);
  if (success && !isOther && parameter.options) return [];
  const strays = strayOptions(signature, index, value);
  if (!parameter.options && strays.length > 0) return strays.map(({ hint }) => hint);
  if (success && !isOther) return [];
  if (isOther)
    return [`expected ${parameter.name} to be an object with options (${parameter.options.join(', ')}), got ${shown(value)}`];
  return (error?.issues ?? []).flatMap((issue) => {
    const isTop = issue.code === 'unrecognized_keys' && issue.path.length === 0;
    if (!isTop) return [describe(parameter, issue, value)];
    const unknown = issue.keys.filter((key) => !strays.some((stray) => stray.key === key));
    const rest = unknown.length > 0 ? [unknownOptions(unknown, parameter.options ?? [])] : [];
    return [...strays.map(({ hint }) => hint), ...rest];
  });
}

/** Options of another argument. */
function strayOptions(
  { name, parameters }: Signature,
  index: number,
  value: unknown,
): readonly { readonly key: string; readonly hint: string }[] {
  if (!isPlain(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (parameters[index]?.options?.includes(key) === true) return [];
    const place = parameters.findIndex(({ options: names }, at) => at !== index && names?.includes(key) === true);
    if (place < 0) return [];
    const before = parameters.slice(0, place).map((parameter) => parameter.name);
    const call = `${name}(${[...before, `{ ${key}: ${example(key, inner)} }`].join(', ')})`;
    return [{ key, hint: `"${key}" belongs in the ${ordinals[place] ?? 'last'} argument: ${call}` }];
  });
}

function example(key: string, value: unknown): string {
  return !unshown.has(key) && (typeof value === 'number' || typeof value === 'boolean') ? String(value) : '…';
}

function describe({ name, options: names }: Parameter, issue: z.core.$ZodIssue, value: unknown): string {
  const where = pathText(name, issue.path, names !== undefined);
  if (issue.code === 'unrecognized_keys') return `${where}: ${issue.message}`;
  const found = valueAt(value, issue.path);
  const got = unshown.has(name) ? kindOf(found) : foundAt(value, issue.path);
  return `expected ${where} to be ${issue.message}, got ${got}${hintFor(issue, names, found)}`;
}

/** The value at a path as messages show it after "got": `"eth7"`, `5`, `a list`; of a password only its type. Pure. */
export function foundAt(value: unknown, path: readonly PropertyKey[]): string {
  const found = valueAt(value, path);
  return path.some((key) => unshown.has(key)) ? kindOf(found) : shown(found);
}

function hintFor(issue: z.core.$ZodIssue, names: readonly string[] | undefined, found: unknown): string {
  if (found instanceof Promise) return '. Await it first';
  const isOptions = issue.path.length === 0 && names?.includes('timeoutMs') === true;
  return isOptions && typeof found === 'number' ? `. Did you mean { timeoutMs: ${found} }?` : '';
}

/** `routes[0].via` for an option, `command[1]` for an argument. */
function pathText(parameter: string, path: readonly PropertyKey[], isOption: boolean): string {
  const parts = isOption && path.length > 0 ? path : [parameter, ...path];
  return parts.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at > 0 ? '.' : ''}${String(part)}`)).join('');
}

/** That options have names that no option has. Pure. */
export function unknownOptions(keys: readonly string[], names: readonly string[]): string {
  const unknown = keys.map((key) => {
    const near = nearest(key, names);
    return `unknown option "${key}"${near === undefined ? '' : `: did you mean "${near}"?`}`;
  });
  const isLast = unknown.at(-1)?.endsWith('?') === true;
  return `${unknown.join(', ')}${isLast ? '' : '.'} Expected one of: ${names.join(', ')}`;
}

/** That there are more arguments than parameters. Pure. */
export function tooMany({ name, parameters }: Signature, count: number): string {
  const most = parameters.length;
  const expected = most === 0 ? 'no arguments' : `at most ${most} argument${most === 1 ? '' : 's'}`;
  return `expected ${expected}, got ${count}: ${name}(${parameters.map((parameter) => parameter.name).join(', ')})`;
}

/** Whether it is an object in which nobody puts options, such as an AbortSignal. */
function isOtherObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.keys(value).length > 0) return false;
  return !isPlain(value);
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return value instanceof RegExp ? String(value) : kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return value === null ? 'null' : 'nothing';
  if (Array.isArray(value)) return value.length > 0 ? 'a list' : 'an empty list';
  if (value instanceof Promise) return 'a promise';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return isPlain(value) ? 'an object' : `an object of class ${(value as object).constructor.name}`;
}

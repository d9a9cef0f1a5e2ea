// SPDX-License-Identifier: GPL-3.0-or-later
// Schemas of the arguments and options that users pass.
import { z } from 'zod';
import { unknownOptions } from './argument-problems.ts';
import type { Wait } from './deadline.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';
import type { Pattern } from './pattern.ts';
import { longestTimerMs } from './timeout-signal.ts';

/** One schema per option of `T`. The compiler refuses a missing one and one too many. */
export type OptionSchemas<T> = { readonly [Name in keyof T]-?: z.ZodType<T[Name] | undefined> };

// The error of each schema completes the sentence "expected … to be".
const aTime = `a number of milliseconds from 0 to ${longestTimerMs}`;

export const milliseconds = z.number({ error: aTime }).min(0, { error: aTime }).max(longestTimerMs, { error: aTime });
export const text = z.string({ error: 'a string' });
export const someText = z.string({ error: 'a string' }).min(1, { error: 'a string that is not empty' });
const aPath = 'a path: a string that is not empty, without NUL';
export const path = z.string({ error: aPath }).regex(/^[^\0]+$/, { error: aPath });
const anAbsolutePath = 'an absolute path of a file, without NUL';
export const absoluteFilePath = z.string({ error: anAbsolutePath }).regex(/^\/[^\0]*[^\0/]$/, { error: anAbsolutePath });
export const flag = z.boolean({ error: 'true or false' });
export const bytes = z.instanceof(Uint8Array, { error: 'bytes (a Buffer or Uint8Array)' });
export const textOrBytes = z.union([text, bytes], { error: 'a string, or bytes (a Buffer or Uint8Array)' });
export const texts = z.array(text, { error: 'a list of strings' });
// not z.record, which refuses process.env because of its prototype
export const textsByName = z.custom<Readonly<Record<string, string>>>(
  (value) => isJsonObject(value) && Object.values(value).every((inner) => typeof inner === 'string'),
  { error: 'an object with strings' },
);
export const regularExpression = z.instanceof(RegExp, { error: 'a regular expression' });
export const anyObject = z.custom<JsonObject>(isJsonObject, { error: 'an object' });
export const anything = z.unknown();
export const abortSignal = z.instanceof(AbortSignal, { error: 'an AbortSignal' });

export const pattern = either<Pattern>('a string that is not empty, or a regular expression', someText, regularExpression);

/** A whole number in a range. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): z.ZodInt {
  const error = `a whole number${max === Number.MAX_SAFE_INTEGER ? `, ${min} or more` : ` from ${min} to ${max}`}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A number in a range; `what` completes "expected … to be". */
export function numberBetween(min: number, max: number, what: string): z.ZodType<number> {
  return z.number({ error: what }).min(min, { error: what }).max(max, { error: what });
}

/** A list of values; `what` completes "expected … to be". */
export function listOf<T>(schema: z.ZodType<T>, what: string, minLength = 0): z.ZodType<readonly T[]> {
  return z.array(schema, { error: what }).min(minLength, { error: what });
}

/** An object with a value for each of any names; `what` completes "expected … to be". */
export function byName<T>(schema: z.ZodType<T>, what: string): z.ZodType<Readonly<Record<string, T>>> {
  return z.record(z.string(), schema, { error: what });
}

/** A value of any of several kinds; `what` completes "expected … to be". */
export function either<T>(what: string, ...schemas: readonly [z.ZodType<T>, z.ZodType<T>, ...z.ZodType<T>[]]): z.ZodType<T> {
  return z.union(schemas, { error: what });
}

/** One of several strings; `what` completes "expected … to be", by default with all of them. */
export function oneOf<const Values extends readonly string[]>(values: Values, what?: string): z.ZodType<Values[number]> {
  return z.enum(values, { error: what ?? `one of ${values.map((value) => `"${value}"`).join(', ')}` });
}

/** One particular value; `what` completes "expected … to be". */
export function constant<T>(value: T, what: string): z.ZodType<T> {
  return z.custom<T>((given) => given === value, { error: what });
}

/** An object of a class; `what` completes "expected … to be". */
export function instanceOf<T>(constructor: { readonly prototype: T }, what: string): z.ZodType<T> {
  return z.custom<T>((value) => value instanceof (constructor as unknown as new () => T), { error: what });
}

/** A function. */
export function functionOf<T>(): z.ZodType<T> {
  return z.custom<T>((value) => typeof value === 'function', { error: 'a function' });
}

/**
 * An object with options, and nothing else in it.
 * @param internal - options that are not for users, so messages do not suggest them
 */
export function options<T>(schemas: OptionSchemas<T>, internal: readonly string[] = []): z.ZodType<T> {
  const names = Object.keys(schemas).filter((name) => !internal.includes(name));
  return z.strictObject(schemas, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? unknownOptions(issue.keys, names) : `an object with options (${names.join(', ')})`,
  }) as unknown as z.ZodType<T>;
}

/** The options of a wait with a default time limit. */
export const waitSchemas: OptionSchemas<Wait> = { timeoutMs: milliseconds.optional(), signal: abortSignal.optional() };
export const requiredWait = options<Wait>({ ...waitSchemas, timeoutMs: milliseconds });
export const waitOptions = options<Partial<Wait>>(waitSchemas).optional();

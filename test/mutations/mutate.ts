// SPDX-License-Identifier: GPL-3.0-or-later
import type { Mutation } from './table.ts';

/** How the titles of mutated tests begin, to select them. */
export const titlePrefix = 'mutation';

/**
 * A test file in which the device makes a mistake. Pure.
 * @param source - the test file
 * @param number - of the mutation, for the title of its test
 * @throws Error if the file does not have exactly one such test, or not the text
 */
export function mutate(source: string, { test, replace: [from, to] }: Mutation, number: number): string {
  const title = `test('${test}'`;
  if (source.split(title).length !== 2) throw new Error(`expected one test "${test}", got ${source.split(title).length - 1}`);
  const titled = source.replace(title, () => `test('${titlePrefix} ${number}: ${test}'`);
  if (!titled.includes(from)) throw new Error(`expected the text ${JSON.stringify(from)}, got none. Change the mutation`);
  return titled.replaceAll(from, () => to);
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { escapeControls } from '../../../report/index.ts';

/** Properties whose value explains itself, in the order of the first line. */
const short = ['appliance', 'accel', 'boot'] as const;

/**
 * Properties of a run for people.
 * @param isLong - a line for each; otherwise the most important ones share a line, and the details in parentheses are left out
 */
export function factLines(environment: Readonly<Record<string, string>>, isLong: boolean): readonly string[] {
  const entries = Object.entries(environment);
  if (isLong) return entries.map(([name, value]) => escapeControls(`${name}: ${value}`));
  const first = short.flatMap((name) => environment[name] ?? []).map(withoutDetails);
  const workers = environment['workers'];
  if (workers !== undefined) first.push(`workers: ${withoutDetails(workers)}`);
  const others = ['shard', 'order'].flatMap((name) => (environment[name] === undefined ? [] : [`${name}: ${environment[name]}`]));
  return [...(first.length > 0 ? [first.join(', ')] : []), ...others].map(escapeControls);
}

function withoutDetails(value: string): string {
  return value.replace(/ \(.*\)$/, '');
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import type { ImpairOptions } from '../../testbed/index.ts';
import type { ParsedArgs } from './command.ts';

/** The option of the command line for each number of an impairment. */
const numbers = {
  'delay-ms': 'delayMs',
  'jitter-ms': 'jitterMs',
  'loss-percent': 'lossPercent',
  'duplicate-percent': 'duplicatePercent',
  'corrupt-percent': 'corruptPercent',
  'reorder-percent': 'reorderPercent',
  'rate-mbps': 'rateMbps',
  seed: 'seed',
  'after-ms': 'afterMs',
  'duration-ms': 'durationMs',
} as const satisfies Readonly<Record<string, keyof ImpairOptions>>;

/** The options of `alpy link LINK impair`, for `parseArgs`. */
export const impairmentOptions: Readonly<Record<string, { readonly type: 'string' }>> = Object.fromEntries(
  [...Object.keys(numbers), 'direction'].map((name) => [name, { type: 'string' }] as const),
);

/** The impairment that a command line asks for. Pure. @throws UsageError if a value is no number */
export function impairmentOf({ values }: Pick<ParsedArgs, 'values'>): ImpairOptions {
  const given = Object.entries(numbers).flatMap(([option, key]) => {
    const text = values[option];
    return text === undefined ? [] : [[key, numberOf(option, String(text))] as const];
  });
  const { direction } = values;
  return { ...Object.fromEntries(given), ...(direction === undefined ? {} : { direction: String(direction) }) };
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value))
    throw new UsageError(`--${option}: expected a number, got ${JSON.stringify(text)}`);
  return value;
}

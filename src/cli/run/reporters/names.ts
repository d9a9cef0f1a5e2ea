// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../../core/errors.ts';

/** The reporters of `alpy run`. */
export const reporterNames = ['list', 'line', 'dot', 'json', 'junit', 'github'] as const;

/** One of {@link reporterNames}. */
export type ReporterName = (typeof reporterNames)[number];

/**
 * Parses `--reporter`, which may be repeated, and whose value may be a list with commas.
 * @throws UsageError if there is no reporter of that name
 */
export function parseReporters(value: string | readonly string[] | undefined): readonly ReporterName[] {
  if (value === undefined) return ['list'];
  return [value]
    .flat()
    .flatMap((text) => text.split(','))
    .map((name) => {
      const found = reporterNames.find((one) => one === name.trim());
      if (found === undefined)
        throw new UsageError(`--reporter: expected ${reporterNames.join(', ')}, got ${JSON.stringify(name)}`);
      return found;
    });
}

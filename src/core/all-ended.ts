// SPDX-License-Identifier: GPL-3.0-or-later
import { messageOf } from './errors.ts';

/**
 * Waits until all have ended, also if some fail.
 * @throws the error of the one that failed, or an AggregateError of several
 */
export async function allEnded(parts: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(parts);
  const errors = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
  if (errors.length > 1) throw new AggregateError(errors, errors.map(messageOf).join('\n'));
  if (errors.length === 1) throw errors[0];
}

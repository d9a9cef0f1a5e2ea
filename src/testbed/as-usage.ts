// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import { ExecError } from '../docker/index.ts';

/**
 * Returns a function that throws an error of the configuration if the kernel refused one of its values, and any other error as it is. Pure.
 * @param where - the key: `topology.nodes.node0.bond`
 * @param what - what the kernel should have accepted: `a bond`
 */
export function asUsage(where: string, what: string): (cause: unknown) => never {
  return (cause) => {
    if (!(cause instanceof ExecError) || cause.fault !== 'usage') throw cause;
    throw new UsageError(
      `${where}: expected ${what} that the kernel accepts, but it refused a value: ${cause.stderr.trim().replace(/\.$/, '')}. Correct it`,
      { cause },
    );
  };
}

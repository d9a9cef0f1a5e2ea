// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import { UsageError } from '../../core/errors.ts';
import type { ProbingNode } from './probes.ts';

/** What `ip` says of an address that the interface has. */
const isThere = /File exists|already assigned/;

/**
 * Gives a node one more address while `body` runs; does nothing else if it has the address or `address` is undefined.
 * @throws UsageError when the kernel refuses the address, and what `body` throws
 */
export async function withAddress(
  node: ProbingNode,
  address: string | undefined,
  wait: Wait,
  body: () => Promise<void>,
): Promise<void> {
  if (address === undefined) return body();
  const change = (verb: string): ReturnType<ProbingNode['probe']> =>
    node.probe(['ip', 'address', verb, address, 'dev', node.interfaceName], wait);
  const { exitStatus, stderr } = await change('add');
  const wasThere = isThere.test(stderr);
  if (exitStatus.code !== 0 && !wasThere)
    throw new UsageError(`appliance.ready: expected from to be an address for ${node.name}, got ${address}: ${stderr.trim()}`);
  await body();
  if (!wasThere) await change('delete');
}

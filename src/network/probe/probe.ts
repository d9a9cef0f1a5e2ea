// SPDX-License-Identifier: GPL-3.0-or-later
import { argumentsOf } from '../../core/arguments.ts';
import type { Wait } from '../../core/deadline.ts';
import { UsageError } from '../../core/errors.ts';
import { options, waitSchemas, wholeNumber } from '../../core/schemas.ts';
import { step } from '../../core/step.ts';
import { withoutPrefix } from '../../topology/index.ts';
import { address } from '../../topology/schemas.ts';
import { nodeArgument } from '../app-options.ts';
import type { Node } from '../node.ts';
import { Flow } from './flow.ts';

/** What a probe sends. */
export interface ProbeOptions extends Partial<Wait> {
  /** how many datagrams a second; default 100 */
  readonly perSecond?: number | undefined;
  /** the address to send to; default: the only address of the receiving node */
  readonly to?: string | undefined;
  /** UDP port to send to; default: any that is free */
  readonly port?: number | undefined;
  /** data of each datagram, in `bytes`; default 64 */
  readonly sizeBytes?: number | undefined;
}

/** The header of a datagram takes 20 bytes. */
const smallestBytes = 20;

/** Checks the arguments of `probe`. */
export const probeCheck = argumentsOf('probe', {
  from: nodeArgument,
  receiver: nodeArgument,
  options: options<ProbeOptions>({
    perSecond: wholeNumber(1, 10_000).optional(),
    to: address.optional(),
    port: wholeNumber(1, 65_535).optional(),
    sizeBytes: wholeNumber(smallestBytes, 65_507).optional(),
    ...waitSchemas,
  }).optional(),
});

/** Starts a flow. @throws what `probe` of `alpy/test` throws */
export async function startProbe(from: Node, receiver: Node, options: ProbeOptions = {}): Promise<Flow> {
  const { perSecond = 100, port = 0, sizeBytes = 64, timeoutMs = 10_000, signal } = options;
  return step('alpy.network', `Probe ${receiver.name} from ${from.name}`, async () => {
    const to = options.to ?? (await onlyAddress(receiver, signal));
    return Flow.start({ from, receiver, to, port, perSecond, sizeBytes }, { timeoutMs, signal });
  });
}

async function onlyAddress(node: Node, signal: AbortSignal | undefined): Promise<string> {
  const addresses = (await node.addresses({ signal })).map(withoutPrefix);
  const [only, ...more] = addresses;
  if (only !== undefined && more.length === 0) return only;
  throw new UsageError(
    `probe: expected one address of ${node.name}, got ${addresses.join(', ') || 'none'}. Say in the option "to" which address to send to`,
  );
}

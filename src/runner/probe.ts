// SPDX-License-Identifier: GPL-3.0-or-later
import { probeCheck, startProbe, type Flow, type Node, type ProbeOptions } from '../network/index.ts';
import { track } from './test-calls.ts';

/**
 * Sends numbered UDP datagrams from one node to another until the flow is disposed or the test ends, and measures loss, outages
 * and latency: `await using flow = await probe(left, right, { perSecond: 1000 })`. Returns when the first datagram arrives.
 * @param options - `timeoutMs`: for the first datagram, default 10 s
 * @throws UsageError if the receiving node has several addresses, or none, and `to` does not say which to use
 * @throws ProbeError if no datagram arrives in time, the port is used, or the sending node cannot send
 */
export function probe(from: Node, receiver: Node, options: ProbeOptions = {}): Promise<Flow> {
  return track(
    () => 'probe(…)',
    async () => {
      probeCheck(arguments);
      return startProbe(from, receiver, options);
    },
  );
}

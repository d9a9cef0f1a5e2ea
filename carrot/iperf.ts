// SPDX-License-Identifier: GPL-3.0-or-later
import type { Apps, Node } from 'alpy';

/** What iperf3 measured. */
export interface TcpMeasurement {
  /** rate at which payload arrived at the receiver, in `bit/s` */
  readonly bitsPerSecond: number;
}

/** The part of iperf3's JSON that is used here. */
interface IperfReport {
  readonly end: { readonly sum_received: { readonly bits_per_second: number } };
}

/**
 * Sends TCP from one node to another at full speed.
 * @param to - the receiver and its address
 * @param seconds - duration
 */
export async function measureTcp(
  apps: Apps,
  from: Node,
  to: { readonly node: Node; readonly address: string },
  seconds: number,
): Promise<TcpMeasurement> {
  const server = await apps.start({ node: to.node, command: ['iperf3', '--server', '--one-off', '--forceflush'] });
  await server.waitForOutput(/Server listening/, { timeoutMs: 20_000 });
  // small blocks: the receiver counts only complete ones, and at 1 Mbit/s one of the usual 128 KiB takes a second
  const command = ['iperf3', '--client', to.address, '--time', String(seconds), '--length', '4K', '--json'];
  const { stdout } = await apps.run({ node: from, command }, { timeoutMs: (seconds + 30) * 1000 });
  await server.wait({ timeoutMs: 20_000 });
  const report = JSON.parse(stdout) as IperfReport;
  return { bitsPerSecond: report.end.sum_received.bits_per_second };
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { passedTests } from '../alpy-run.ts';
import type { Context } from '../context.ts';

/** Names of the figures. */
export const vrrp = {
  outage: 'VRRP failover: outage of the flow',
  silence: 'VRRP failover: last advertisement of the frozen device to the first of the backup',
} as const;

/** What the test writes: how long nothing arrived, and how long there was no advertisement, in `ms`. */
interface Failover {
  readonly outageMs: number;
  readonly silenceMs: number;
}

/** Measures one failover. @throws Error if the test failed */
export async function vrrpFailover(context: Context): Promise<void> {
  for (const { read } of await passedTests(context, 'bench/vrrp', 'the backup did not take over')) {
    const { outageMs, silenceMs } = JSON.parse(await read('failover.json')) as Failover;
    context.figures.add(vrrp.outage, 'ms', outageMs);
    context.figures.add(vrrp.silence, 'ms', silenceMs);
  }
}

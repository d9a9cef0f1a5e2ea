// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunReport } from '../../src/report/index.ts';
import { alpyRun, repository } from '../alpy-run.ts';
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
  const { failed, out } = await alpyRun(context, join(repository, 'bench/vrrp'), []);
  if (failed > 0) throw new Error('the backup did not take over');
  const { tests } = JSON.parse(await readFile(join(out, 'run.json'), 'utf8')) as RunReport;
  for (const { directory } of tests) {
    const text = await readFile(join(out, directory ?? '', 'failover.json'), 'utf8');
    const { outageMs, silenceMs } = JSON.parse(text) as Failover;
    context.figures.add(vrrp.outage, 'ms', outageMs);
    context.figures.add(vrrp.silence, 'ms', silenceMs);
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { testbedOf, type Context } from '../context.ts';
import { timed } from '../figure.ts';

/** Compared numbers of links. */
export const linkCounts = [1, 2, 4, 8] as const;

/** Measures setting up and tearing down nodes, taps and QEMU with console and captures. No virtual CPU runs. */
export async function topology(context: Context, links: number): Promise<void> {
  const up = await timed(() => testbedOf(context, links));
  const down = await timed(() => up.result.close());
  context.figures.add(`topology of ${links} links, up`, 'ms', up.ms);
  context.figures.add(`topology of ${links} links, down`, 'ms', down.ms);
}

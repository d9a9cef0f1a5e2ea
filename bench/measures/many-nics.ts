// SPDX-License-Identifier: GPL-3.0-or-later
import { snapshotOf, testbedOf, type Context } from '../context.ts';
import { timed } from '../figure.ts';

/** NICs of the compared device. */
export const manyNics = 32;

/**
 * Measures from the start of a restored testbed with many NICs until its guest runs, and its tear-down. Creates the snapshot first.
 * @throws Error if the guest does not have the NICs in the order of the links
 */
export async function manyNicsUp(context: Context): Promise<void> {
  const snapshot = await snapshotOf(context, manyNics);
  const up = await timed(async () => {
    const testbed = await testbedOf(context, manyNics, snapshot);
    await testbed.dut.boot();
    return testbed;
  });
  const { dut, links } = up.result;
  const list = `i=0; while [ $i -lt ${manyNics} ]; do cat /sys/class/net/eth$i/address; i=$((i+1)); done`;
  const { output } = await dut.shell.run(list);
  if (output !== links.map(({ mac }) => mac).join('\n')) throw new Error(`the NICs are in another order: ${output}`);
  const down = await timed(() => up.result.close());
  context.figures.add(`${manyNics} NICs, restored, up`, 'ms', up.ms);
  context.figures.add(`${manyNics} NICs, restored, down`, 'ms', down.ms);
}

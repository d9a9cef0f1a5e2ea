// SPDX-License-Identifier: GPL-3.0-or-later
// Guards the speed of testbeds by ratios of times measured together, because absolute times depend on the machine.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openContext, type Context } from '../../bench/context.ts';
import { Figures } from '../../bench/figure.ts';
import { floor } from '../../bench/measures/floor.ts';
import { bootToPing, startToPing } from '../../bench/measures/start-to-ping.ts';
import { topology } from '../../bench/measures/topology.ts';

const rounds = 3;
const figures = new Figures();
let context: Context;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ context, close } = await openContext(figures, () => undefined));
  await startToPing({ ...context, figures: new Figures() }); // creates the snapshot
  for (let round = 0; round < rounds; round += 1) {
    await floor(context);
    await topology(context, 8);
    await startToPing(context);
  }
  await bootToPing(context);
});

afterAll(async () => {
  await close();
});

/** The ratio of the medians of two figures. */
function ratio(figure: string, other: string): number {
  const [above, below] = [figures.median(figure), figures.median(other)];
  if (above === undefined || below === undefined) throw new Error(`${figure} or ${other} was not measured`);
  return above / below;
}

test('a restored guest answers in less than a fifth of the time that a booted one takes', () => {
  // measured: a fourteenth
  expect(ratio('start to first answered ping, restored', 'start to first answered ping, booted')).toBeLessThan(1 / 5);
});

test('8 links take less than twice as long to start and stop as the same number of empty containers', () => {
  // measured: 1.3 and 1.1
  expect(ratio('topology of 8 links, up', 'floor: 9 empty containers, up')).toBeLessThan(2);
  expect(ratio('topology of 8 links, down', 'floor: 9 empty containers, down')).toBeLessThan(2);
});

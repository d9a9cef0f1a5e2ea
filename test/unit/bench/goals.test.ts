// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { Figures } from '../../../bench/figure.ts';
import { goalsOf, type Goal } from '../../../bench/goals.ts';
import { held } from '../../../bench/measures/held.ts';
import { vrrp } from '../../../bench/measures/vrrp.ts';

function goal(name: string, values: Readonly<Record<string, readonly number[]>>): Pick<Goal, 'value' | 'met'> | undefined {
  const figures = new Figures();
  for (const [figure, all] of Object.entries(values)) for (const value of all) figures.add(figure, 'unit', value);
  const found = goalsOf(figures).find((one) => one.name === name);
  return found && { value: found.value, met: found.met };
}

test('50 testbeds are held at once if all answer in the worst round, and nothing is left', () => {
  const name = '50 testbeds of 256 MiB with 2 links held at once';
  expect(goal(name, {})).toEqual({ value: null, met: null });
  expect(goal(name, { [held.answered]: [50, 50], [held.left]: [0, 0] })).toEqual({ value: 50, met: true });
  expect(goal(name, { [held.answered]: [50, 49], [held.left]: [0, 0] })).toEqual({ value: 49, met: false });
  expect(goal(name, { [held.answered]: [50, 50], [held.left]: [0, 1] })).toEqual({ value: 50, met: false });
});

test('failovers are compared with their median', () => {
  expect(goal(vrrp.outage, {})).toEqual({ value: null, met: null });
  expect(goal(vrrp.outage, { [vrrp.outage]: [1800, 1805, 1810, 1802, 1806] })).toEqual({ value: 5, met: true });
  expect(goal(vrrp.outage, { [vrrp.outage]: [1800, 1805, 1816, 1802, 1806] })).toEqual({ value: 11, met: false });
});

// SPDX-License-Identifier: GPL-3.0-or-later
import type { Figure, Figures } from './figure.ts';
import { crowdSize } from './measures/crowd.ts';
import { furtherDisks } from './measures/further-disks.ts';
import { held, heldSize } from './measures/held.ts';
import { linkFaults } from './measures/link-faults.ts';
import { manyNics } from './measures/many-nics.ts';
import { severalDevices } from './measures/several-devices.ts';
import { spareFigure } from './measures/start-to-ping.ts';
import { vrrp } from './measures/vrrp.ts';

/** A goal of the project. */
export interface Goal {
  readonly name: string;
  readonly goal: string;
  /** median of the measured values; `null` without any */
  readonly value: number | null;
  readonly unit: string;
  /** how many times faster than the original; absent if there is no comparison, `null` if the original was not measured */
  readonly timesFaster?: number | null;
  /** whether the goal is reached; `null` if a figure of it was not measured */
  readonly met: boolean | null;
}

interface Limits {
  readonly atMost?: number;
  readonly timesFaster?: number;
}

/** Compares the figures with the goals. */
export function goalsOf(figures: Figures): readonly Goal[] {
  const timing = (name: string, figure: string, goal: string, limits: Limits, compared?: string): Goal => {
    const ms = figures.median(figure);
    const theirs = compared === undefined ? undefined : figures.median(`original: ${compared}`);
    const times = ms === undefined || theirs === undefined ? null : round(theirs / ms);
    const checks: (boolean | null)[] = [];
    if (limits.atMost !== undefined) checks.push(ms === undefined ? null : ms / 1000 <= limits.atMost);
    if (limits.timesFaster !== undefined) checks.push(times === null ? null : times >= limits.timesFaster);
    const value = ms === undefined ? null : round(ms / 1000);
    return { name, goal, value, unit: 's', ...(compared === undefined ? {} : { timesFaster: times }), met: all(checks) };
  };
  return [
    timing(
      'restored testbed, 2 links, start to first answered ping',
      'start to first answered ping, restored',
      '<= 1.0 s and <= 1/20 of the original',
      { atMost: 1, timesFaster: 20 },
      'start to first answered ping',
    ),
    timing(
      'second and later tests, set up in advance, start to first answered ping',
      spareFigure,
      '<= 0.03 s and <= 1/300 of the original',
      { atMost: 0.03, timesFaster: 300 },
      'start to first answered ping',
    ),
    timing(
      'suite of 12 Rabbit tests',
      'suite of 12 tests, by alpy run',
      '<= 1/10 of the original',
      { timesFaster: 10 },
      'suite of 12 tests',
    ),
    timing(
      'topology of 8 links up',
      'topology of 8 links, up',
      '<= 1.5 s and <= 1/8 of the original',
      { atMost: 1.5, timesFaster: 8 },
      'topology of 8 links, up',
    ),
    timing('tear-down, 8 links', 'topology of 8 links, down', '<= 0.3 s', { atMost: 0.3 }),
    timing(`${manyNics} NICs, restored, up, in the right order`, `${manyNics} NICs, restored, up`, '<= 2.5 s', { atMost: 2.5 }),
    furtherDisksGoal(figures),
    twoDevicesGoal(figures),
    timing(severalDevices.ring, severalDevices.ring, '<= 4 s', { atMost: 4 }),
    crowdGoal(figures),
    heldGoal(figures),
    spreadGoal(figures, vrrp.outage, 10),
    framesGoal(figures.all),
    rangeGoal(figures, linkFaults.delay, 'ms', 20, 22),
    rangeGoal(figures, linkFaults.loss, '%', 9, 11),
    timing('alpy --help', 'alpy --help', '<= 0.25 s', { atMost: 0.25 }),
  ];
}

/** What may differ from one run to the next. */
const noise = 0.1;

function furtherDisksGoal(figures: Figures): Goal {
  const [one, two] = [figures.median(furtherDisks.one), figures.median(furtherDisks.two)];
  const value = one === undefined || two === undefined ? null : round(two / one);
  const goal = `<= ${1 + noise} times that with one disk`;
  return { name: furtherDisks.two, goal, value, unit: 'times', met: value === null ? null : value <= 1 + noise };
}

function twoDevicesGoal(figures: Figures): Goal {
  const [one, two] = [figures.median(severalDevices.one), figures.median(severalDevices.two)];
  const value = one === undefined || two === undefined ? null : round(two / one);
  const goal = '<= 1.6 times one device';
  return { name: severalDevices.two, goal, value, unit: 'times', met: value === null ? null : value <= 1.6 };
}

function crowdGoal(figures: Figures): Goal {
  const all = { answered: `${crowdSize} testbeds at once: answered`, left: `${crowdSize} testbeds at once: left over` };
  return allAnswer(figures, `${crowdSize} testbeds of 256 MiB at once`, all, crowdSize);
}

function heldGoal(figures: Figures): Goal {
  return allAnswer(figures, `${heldSize} testbeds of 256 MiB with 2 links held at once`, held, heldSize);
}

function allAnswer(
  { all: found }: Figures,
  name: string,
  names: { readonly answered: string; readonly left: string },
  size: number,
): Goal {
  const answered = worst(found, names.answered, Math.min);
  const left = worst(found, names.left, Math.max);
  const met = answered === null || left === null ? null : answered === size && left === 0;
  return { name, goal: 'all answer, nothing left', value: answered, unit: 'testbeds', met };
}

/** How far the values of a figure are from their median. */
function spreadGoal(figures: Figures, name: string, mostMs: number): Goal {
  const middle = figures.median(name);
  const values = figures.all.find((figure) => figure.name === name)?.values ?? [];
  const value = middle === undefined ? null : round(Math.max(...values.map((one) => Math.abs(one - middle))));
  const goal = `all within ${mostMs} ms of their median`;
  return { name, goal, value, unit: 'ms from the median', met: value === null ? null : value <= mostMs };
}

function framesGoal(all: readonly Figure[]): Goal {
  const wrong = all
    .filter(({ name }) => name.includes('frames captured less') || name.includes('captured out of order'))
    .flatMap(({ values }) => values.map(Math.abs));
  const value = wrong.length === 0 ? null : Math.max(...wrong);
  const name = 'frames captured against those sent and received, in order, at full rate';
  return { name, goal: 'none missing, none out of order', value, unit: 'frames', met: value === null ? null : value === 0 };
}

function rangeGoal(figures: Figures, name: string, unit: string, least: number, most: number): Goal {
  const found = figures.median(name);
  const value = found === undefined ? null : round(found);
  return { name, goal: `${least} to ${most} ${unit}`, value, unit, met: value === null ? null : value >= least && value <= most };
}

function worst(all: readonly Figure[], name: string, choose: (...values: number[]) => number): number | null {
  const values = all.find((figure) => figure.name === name)?.values;
  return values ? choose(...values) : null;
}

function all(checks: readonly (boolean | null)[]): boolean | null {
  if (checks.includes(false)) return false;
  return checks.includes(null) ? null : true;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

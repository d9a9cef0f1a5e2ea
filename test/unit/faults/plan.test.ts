// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { planCampaign, testCount, type PlannedKind } from '../../faults/plan.ts';
import { moments } from '../../faults/phases.ts';

const kinds: readonly PlannedKind[] = [
  { name: 'a', phases: ['inspect', 'test'] },
  { name: 'b', phases: ['test', 'tear-down', 'reporting'] },
  { name: 'c', phases: ['save'] },
];

test('the same seed gives the same cases, also in a longer campaign', () => {
  expect(planCampaign(7, 40, kinds)).toEqual(planCampaign(7, 40, kinds));
  expect(planCampaign(7, 40, kinds)).toEqual(planCampaign(7, 300, kinds).slice(0, 40));
});

test('another seed gives other cases', () => {
  expect(planCampaign(8, 40, kinds)).not.toEqual(planCampaign(7, 40, kinds));
});

test('every kind comes once before any comes again, and in each of its phases', () => {
  const cases = planCampaign(3, 9, kinds);
  for (const round of [0, 3, 6])
    expect(
      cases
        .slice(round, round + 3)
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['a', 'b', 'c']);
  const phasesOf = (name: string): readonly string[] =>
    [...new Set(cases.filter(({ kind }) => kind === name).map(({ phase }) => phase))].sort();
  expect(kinds.map(({ name }) => phasesOf(name))).toEqual([['inspect', 'test'], ['reporting', 'tear-down', 'test'], ['save']]);
});

test('only some kinds begin with a phase that boots', () => {
  const many = Array.from({ length: 40 }, (_, index) => ({ name: `kind${index}`, phases: ['boot', 'test', 'save'] as const }));
  const first = planCampaign(11, 40, many).map(({ phase }) => phase);
  expect(first.filter((phase) => phase !== 'test')).toHaveLength(5);
});

test('delays are within their phase, and only phases of tests choose a test', () => {
  for (const { phase, delayMs, detail, test: nth } of planCampaign(5, 300, kinds)) {
    expect(delayMs).toBeGreaterThanOrEqual(0);
    expect(delayMs).toBeLessThanOrEqual(moments[phase].lengthMs);
    expect(detail).toBeGreaterThanOrEqual(0);
    expect(detail).toBeLessThan(1);
    if (phase === 'reporting') expect(nth).toBe(testCount);
    else if (!moments[phase].isPerTest) expect(nth).toBe(1);
    else expect([1, 2, 3]).toContain(nth);
  }
});

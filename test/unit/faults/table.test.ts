// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { harmlessTable, outcomeTable, withSection, type TableOutcome } from '../../faults/table.ts';

const outcome = (number: number, kind: string, verdict: TableOutcome['verdict']): TableOutcome => ({
  case: { number, kind, phase: 'test' },
  verdict,
});

test('the table counts outcomes by kind and phase, and names the seed and number of wrong cases', () => {
  const outcomes = [outcome(1, 'b', 'correct'), outcome(2, 'a', 'missed'), outcome(3, 'b', 'wrong'), outcome(4, 'b', 'survived')];
  expect(outcomeTable(outcomes, 9).split('\n')).toEqual([
    '| fault | phase | injected | correct | survived | missed | wrong (seed/case) |',
    '|---|---|---|---|---|---|---|',
    '| a | test | 0 | 0 | 0 | 1 | 0 |',
    '| b | test | 3 | 1 | 1 | 0 | 9/3 |',
  ]);
});

test('a fault that a run may survive is listed with the reason', () => {
  expect(harmlessTable([{ name: 'a' }, { name: 'b', harmless: 'it waits' }])).toMatch(/\n\| b \| it waits \|$/);
});

test('a section is appended to a page once and replaced afterwards', () => {
  const first = withSection('# Title\n\nText.\n', 'old');
  expect(first).toMatch(/^# Title\n\nText\.\n\n<!-- faults: begin -->\n\nold\n\n<!-- faults: end -->\n$/);
  expect(withSection(`${first}\n## Next\n`, 'new')).toBe(`${first.replace('old', 'new')}\n## Next\n`);
});

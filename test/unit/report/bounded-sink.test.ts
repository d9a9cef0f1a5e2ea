// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { StepEvent } from '../../../src/core/step.ts';
import { BoundedSink } from '../../../src/report/bounded-sink.ts';
import { terminalSink } from '../../../src/report/terminal.ts';
import { begin, end, line } from './build.ts';

const limits = { step: 100, test: 250, line: 50, title: 20, steps: 3 };

function bounded(events: readonly StepEvent[]): readonly string[] {
  const lines: string[] = [];
  const toLines = terminalSink((text) => lines.push(text.replace(/^INFO \S+ /, '').replace(/\\n/g, '|')));
  const sink = new BoundedSink(toLines, limits);
  for (const event of events) sink.sink(event);
  sink[Symbol.dispose]();
  return lines;
}

const many = (count: number, stepId?: string): StepEvent[] =>
  Array.from({ length: count }, () => line('x'.repeat(19), stepId === undefined ? {} : { stepId }));
const full = '… too much for the log: further lines are left out';

test('a step with too many lines ends with a note that says how many were left out', () => {
  expect(bounded([begin('A'), ...many(8, 'A'), end('A'), line('afterwards')])).toEqual([
    'A...',
    ...Array.from({ length: 5 }, () => `A: ${'x'.repeat(19)}`),
    `A: ${full}`,
    'A: … 3 lines (57 characters) were left out',
    'A... done (0.00 s)',
    'afterwards',
  ]);
});

test('a step with too many lines takes no space from a parallel step with the same title', () => {
  const [a, b] = [begin('1', { title: 'A' }), begin('2', { title: 'A' })];
  const lines = bounded([a, b, ...many(8, '1'), line('short', { stepId: '2' }), end('2', { title: 'A' })]);
  expect(lines.slice(-3)).toEqual(['A: short', 'A... done (0.00 s)', 'A: … 3 lines (57 characters) were left out']);
});

test('a source that logs too much takes no space from other sources', () => {
  expect(bounded([...many(500), line('node0 ended', { source: 'alpy.docker' })]).slice(-3)).toEqual([
    full,
    'node0 ended',
    '… 495 lines (9405 characters) were left out',
  ]);
});

test('all steps of a test together have a limit', () => {
  const ids = ['A', 'B', 'C'];
  const lines = bounded([...ids.map((id) => begin(id)), ...ids.flatMap((id) => many(5, id))]);
  expect(lines.filter((text) => text.endsWith('xxx'))).toHaveLength(12);
  expect(lines.at(-1)).toBe('C: … 3 lines (57 characters) were left out');
});

test('long lines and titles are shortened, and steps after the first few are left out', () => {
  const titles = ['a'.repeat(50), 'B', 'C', 'D', 'E'];
  const events = titles.flatMap((title) => [begin(title), line('y'.repeat(500), { stepId: title }), end(title)]);
  const short = `${'a'.repeat(10)} … 30 characters left out … ${'a'.repeat(10)}`;
  const text = `${'y'.repeat(25)}|… 450 characters left out …|${'y'.repeat(25)}`;
  expect(bounded([...events, line('z')])).toEqual([
    ...[short, 'B', 'C'].flatMap((title) => [`${title}...`, `${title}: ${text}`, `${title}... done (0.00 s)`]),
    'z',
    '2 further steps and their lines were left out',
  ]);
});

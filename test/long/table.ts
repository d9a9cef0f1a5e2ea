// SPDX-License-Identifier: GPL-3.0-or-later
import type { Judged } from './judge.ts';
import type { LongRun } from './long-run.ts';
import { figures } from './sample.ts';

/** Describes a long run as Markdown: a sentence and a table. Pure. */
export function describeRun({ testbeds, seconds, samples }: LongRun, judged: readonly Judged[], underLoad: boolean): string {
  const how = underLoad ? ', while other programs kept all cores busy' : '';
  const rows = judged.map(({ name, early, late, isFlat }) => {
    const { unit, share, absolute } = figures[name];
    const within = [share > 0 ? `${share * 100} %` : '', `${absolute}${unit && ` ${unit}`}`].filter((part) => part !== '');
    const [from, to] = [early, late].map((value) => `${round(value)}${unit && ` ${unit}`}`);
    return `| ${name} | ${from} | ${to} | ${within.join(' or ')} | ${isFlat ? 'yes' : '**no**'} |`;
  });
  return [
    `${testbeds} testbeds in one run${how}: ${seconds} s, ${samples.length} samples.`,
    '',
    '| figure | second quarter | last quarter | may grow by | flat |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { FaultCase } from './plan.ts';
import type { Verdict } from './judge.ts';

/** What the table needs of an outcome. */
export interface TableOutcome {
  readonly case: Pick<FaultCase, 'number' | 'kind' | 'phase'>;
  readonly verdict: Verdict;
}

const [begin, end] = ['<!-- faults: begin -->', '<!-- faults: end -->'];

/** One row for each kind and phase, as Markdown. Pure. @param seed - of the campaign, to name the wrong cases */
export function outcomeTable(outcomes: readonly TableOutcome[], seed: number): string {
  const groups = Map.groupBy(outcomes, ({ case: { kind, phase } }) => `${kind} | ${phase}`);
  const rows = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, members]) => {
      const count = (verdict: Verdict): number => members.filter((one) => one.verdict === verdict).length;
      const injected = members.length - count('missed');
      const wrong = members.filter(({ verdict }) => verdict === 'wrong').map(({ case: { number } }) => `${seed}/${number}`);
      return `| ${name} | ${injected} | ${count('correct')} | ${count('survived')} | ${count('missed')} | ${wrong.join(' ') || '0'} |`;
    });
  return [
    '| fault | phase | injected | correct | survived | missed | wrong (seed/case) |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** Why runs may pass although a fault of these kinds hit them, as Markdown. Pure. */
export function harmlessTable(kinds: readonly { readonly name: string; readonly harmless?: string | undefined }[]): string {
  const rows = kinds.flatMap(({ name, harmless }) => (harmless === undefined ? [] : [`| ${name} | ${harmless} |`]));
  return ['| fault | why a run may survive it |', '|---|---|', ...rows].join('\n');
}

/** Replaces the part of a page between the markers, or appends it. Pure. */
export function withSection(page: string, section: string): string {
  const marked = `${begin}\n\n${section.trim()}\n\n${end}`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from >= 0 && to > from) return `${page.slice(0, from)}${marked}${page.slice(to + end.length)}`;
  return `${page.trimEnd()}\n\n${marked}\n`;
}

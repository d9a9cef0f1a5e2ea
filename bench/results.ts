// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { median } from '../src/core/median.ts';
import type { Figure } from './figure.ts';
import type { Goal } from './goals.ts';

/** The output of `npm run bench -- --json`. */
export interface Results {
  readonly date: string;
  readonly rounds: number;
  readonly machine: Readonly<Record<string, string>>;
  /** what was skipped, and why */
  readonly skipped: readonly string[];
  readonly goals: readonly Goal[];
  readonly figures: readonly (Figure & { readonly median: number; readonly min: number; readonly max: number })[];
}

/** The properties of the machine that matter for the figures. */
export async function describeMachine(more: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  const system = /^PRETTY_NAME="(.*)"$/m.exec(await readFile('/etc/os-release', 'utf8').catch(() => ''))?.[1] ?? 'unknown';
  return {
    processor: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
    system: `${system}, Linux ${release()}`,
    node: process.version,
    ...more,
  };
}

/** Adds median, minimum and maximum. */
export function summarise(figures: readonly Figure[]): Results['figures'] {
  return figures.map((figure) => ({
    ...figure,
    median: median(figure.values),
    min: Math.min(...figure.values),
    max: Math.max(...figure.values),
  }));
}

/** Content of `bench/RESULTS.md`. */
export function resultsPage(results: Results): string {
  const { date, rounds, machine, skipped, goals, figures } = results;
  const facts = Object.entries(machine).map(([name, value]) => `| ${name} | ${value} |`);
  const goalRows = goals.map(({ name, goal, value, unit, timesFaster, met }) => {
    const times = timesFaster === undefined ? '' : timesFaster === null ? 'not compared' : `${timesFaster.toFixed(1)} times`;
    return `| ${name} | ${goal} | ${value === null ? 'not measured' : `${value} ${unit}`} | ${times} | ${verdict(met)} |`;
  });
  const rows = figures.map(
    ({ name, unit, median: middle, min, max, values }) =>
      `| ${name} | ${unit} | ${figure(middle)} | ${figure(min)} | ${figure(max)} | ${values.length} |`,
  );
  return [
    '# Results of the benchmark',
    '',
    `Written by \`npm run bench\` on ${date.slice(0, 10)}, ${rounds} rounds. [README.md](README.md) explains the figures and their limits.`,
    '',
    '| machine | |',
    '|---|---|',
    ...facts,
    '',
    '## Goals',
    '',
    '| what | goal | median | faster than the original | met |',
    '|---|---|---|---|---|',
    ...goalRows,
    '',
    '## Figures',
    '',
    '| what | unit | median | minimum | maximum | runs |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    ...(skipped.length === 0 ? [] : ['Skipped:', '', ...skipped.map((line) => `- ${line}`), '']),
  ].join('\n');
}

function verdict(met: boolean | null): string {
  return met === null ? 'not measured' : met ? 'yes' : 'no';
}

function figure(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1);
}

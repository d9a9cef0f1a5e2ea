// SPDX-License-Identifier: GPL-3.0-or-later
import { artifactUrl, seconds, type JobReport, type RunReport, type TestReport, type TestStatus } from '../report/index.ts';
import type { Comparison } from './known-failures.ts';
import { inline } from './markdown.ts';
import { failureParts, icons } from './note-failures.ts';

/** The results of one job: its `run.json`, and where its files can be opened. */
export interface JobResult extends JobReport {
  readonly report: RunReport;
}

interface Row {
  readonly test: TestReport;
  readonly job: JobResult;
}

const maxRows = 200;
/** In characters. GitLab accepts 1,000,000, but nobody reads that many. */
const maxLength = 500_000;
const rank: Readonly<Record<TestStatus, number>> = { failed: 0, error: 1, flaky: 2, passed: 3, skipped: 4 };

/** What a note tells besides the results. */
export interface NoteOptions {
  /** absent if nothing failed */
  readonly comparison?: Comparison | undefined;
  /** page of this pipeline */
  readonly pipelineUrl?: string | undefined;
}

/** The start of a note, by which the next pipeline finds and replaces it. Markdown does not show it. */
export function noteMarker(name: string): string {
  return `<!-- alpy:${name.replace(/[^A-Za-z0-9_.-]+/g, '-').replaceAll('--', '-')} -->`;
}

/**
 * The Markdown of a merge request's note: a verdict, the failures with their causes and places, a table of the tests with links, failed
 * ones first, and the five slowest tests. Output of a guest cannot add markup. Pure.
 * @param name - distinguishes several notes of one merge request
 */
export function noteText(name: string, jobs: readonly JobResult[], { comparison, pipelineUrl }: NoteOptions = {}): string {
  const rows = jobs
    .flatMap((job) => job.report.tests.map((test): Row => ({ test, job })))
    .sort((a, b) => rank[a.test.status] - rank[b.test.status]);
  const reports = jobs.map(({ report }) => report);
  const outside = reports.reduce((sum, { errors }) => sum + errors.length, 0);
  const parts = [
    noteMarker(name),
    `**${verdict(rows, outside)}** · ${jobs.map(reportLink).join(' · ')}`,
    ...failureParts(reports, comparison ?? { unknown: 'they were not compared' }, pipelineUrl),
    table(rows.slice(0, maxRows)),
    ...(rows.length > maxRows ? [`… and ${rows.length - maxRows} more in the report.`] : []),
    slowest(rows),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`.slice(0, maxLength);
}

/** `3 passed, 1 failed, 1 skipped, 1 flaky`. Pure. */
export function verdict(rows: readonly { readonly test: TestReport }[], outside: number): string {
  const count = (...statuses: readonly TestStatus[]): number => rows.filter(({ test }) => statuses.includes(test.status)).length;
  const others = (['skipped', 'flaky'] as const).flatMap((status) => (count(status) > 0 ? [`, ${count(status)} ${status}`] : []));
  const failed = count('failed', 'error') + outside;
  return `${count('passed')} passed, ${failed} failed${others.join('')}`;
}

function reportLink(job: JobResult): string {
  const { shard } = job.report;
  const label = shard === undefined ? 'report' : `report ${shard.index}/${shard.total}`;
  return `[${label}](${artifactUrl(job, 'report/index.html')})`;
}

function table(rows: readonly Row[]): string {
  if (rows.length === 0) return 'No test was run.';
  const lines = rows.map(({ test, job }) => {
    const files = test.artifacts.filter((file) => /\.pcap$|\/console\.log$/.test(file));
    const links = files.map((file) => `[${inline(file.split('/').at(-1) ?? file)}](${artifactUrl(job, file)})`);
    return `| ${icons[test.status]} ${test.status} | ${inline(test.fullName)} | ${seconds(test.durationMs)} | ${links.join(' ')} |`;
  });
  return ['| | test | time | files |', '|---|---|---|---|', ...lines].join('\n');
}

function slowest(rows: readonly Row[]): string {
  const timed = rows.filter(({ test }) => test.status !== 'skipped');
  if (timed.length < 2) return '';
  const top = timed.toSorted((a, b) => b.test.durationMs - a.test.durationMs).slice(0, 5);
  return `Slowest: ${top.map(({ test }) => `${inline(test.fullName)} (${seconds(test.durationMs)})`).join(', ')}`;
}

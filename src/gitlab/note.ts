// SPDX-License-Identifier: GPL-3.0-or-later
import { artifactUrl, hasFailed, type JobReport, type RunReport, type TestReport, type TestStatus } from '../report/index.ts';
import { capText, escapeControls, plainLines, seconds } from '../report/text.ts';

/** The results of one job: its `run.json`, and where its files can be opened. */
export interface JobResult extends JobReport {
  readonly report: RunReport;
}

interface Row {
  readonly test: TestReport;
  readonly job: JobResult;
}

const maxRows = 200;
const maxDetails = 20;
/** In characters. GitLab accepts 1,000,000, but nobody reads that many. */
const maxLength = 500_000;
const icons: Readonly<Record<TestStatus, string>> = { passed: '✅', flaky: '⚠️', failed: '❌', error: '💥', skipped: '⏭️' };
const rank: Readonly<Record<TestStatus, number>> = { failed: 0, error: 1, flaky: 2, passed: 3, skipped: 4 };

/** The start of a note, by which the next pipeline finds and replaces it. Markdown does not show it. */
export function noteMarker(name: string): string {
  return `<!-- alpy:${name.replace(/[^A-Za-z0-9_.-]+/g, '-').replaceAll('--', '-')} -->`;
}

/**
 * The Markdown of a merge request's note: a verdict, a table of the tests with links, failed ones first, their messages, and the five
 * slowest tests. Output of a guest cannot add markup. Pure.
 * @param name - distinguishes several notes of one merge request
 */
export function noteText(name: string, jobs: readonly JobResult[]): string {
  const rows = jobs
    .flatMap((job) => job.report.tests.map((test): Row => ({ test, job })))
    .sort((a, b) => rank[a.test.status] - rank[b.test.status]);
  const bad = rows.filter(({ test }) => hasFailed(test));
  const outside = jobs.flatMap(({ report }) => report.errors);
  const parts = [
    noteMarker(name),
    `**${verdict(rows, outside.length)}** · ${jobs.map(reportLink).join(' · ')}`,
    table(rows.slice(0, maxRows)),
    ...(rows.length > maxRows ? [`… and ${rows.length - maxRows} more in the report.`] : []),
    ...bad.slice(0, maxDetails).map(({ test }) => details(test.fullName, test.errors[0]?.message ?? 'no message')),
    ...outside.slice(0, maxDetails).map(({ message }) => details('outside any test', message)),
    slowest(rows),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`.slice(0, maxLength);
}

/** `3 passed, 1 failed, 1 skipped`. Pure. */
export function verdict(rows: readonly { readonly test: TestReport }[], outside: number): string {
  const count = (...statuses: readonly TestStatus[]): number => rows.filter(({ test }) => statuses.includes(test.status)).length;
  const skipped = count('skipped');
  const failed = count('failed', 'error') + outside;
  return `${count('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
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

function details(title: string, message: string): string {
  const text = html(capText(plainLines(message), 2000));
  // a blank line would end the HTML block and start Markdown
  return `<details><summary>${html(escapeControls(title))}</summary><pre>${text.replaceAll('\n', '&#10;')}</pre></details>`;
}

/** Escapes a text for a line of Markdown. Entities are safe everywhere, because Markdown sees no markup in them. */
function inline(text: string): string {
  return escapeControls(capText(text, 200).replaceAll('\n', ' ')).replace(/[^\p{L}\p{N} .,;()/-]/gu, entity);
}

function html(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,;()/:\n-]/gu, entity);
}

function entity(character: string): string {
  return `&#${character.codePointAt(0) ?? 0xfffd};`;
}

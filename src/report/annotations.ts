// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { printableJson } from '../core/text.ts';
import type { JobReport, RunReport, TestReport } from './model.ts';
import { hasFailed } from './status.ts';
import { escapeControls } from './text.ts';
import { uniqueNames } from './unique-names.ts';
import { writeReport } from './write-file.ts';

/** URL of a file of the output directory. Pure. @param file - relative to the output directory, with forward slashes */
export function artifactUrl({ jobUrl, outPath }: JobReport, file: string): string {
  const parts = [...outPath.split('/'), ...file.split('/')].filter((part) => part !== '' && part !== '.');
  return `${jobUrl}/artifacts/file/${parts.map(encoded).join('/')}`;
}

/** Also encodes what `encodeURIComponent` leaves, because a parenthesis would end a link of Markdown. */
function encoded(part: string): string {
  return encodeURIComponent(part.toWellFormed()).replace(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

/**
 * Largest size of the file, in bytes. GitLab rejects a file over 80 KiB (`ci_job_annotations_size`, 81920, in
 * `Ci::ParseAnnotationsArtifactService`), and then shows not even the link to the report.
 */
const maxBytes = 80_000;

/** Sections of links, with the names of their files. GitLab accepts up to 20 sections (`ci_job_annotations_num`). */
const kinds: Readonly<Record<string, RegExp>> = { Captures: /\.pcap$/, 'Console logs': /(^|\/)console(-[^/]+)?\.(txt|log)$/ };

interface Link {
  readonly kind: string;
  readonly label: string;
  readonly url: string;
}

/**
 * Links for the page of a GitLab job: to the report, and to every capture and console log, those of failed tests first. If there
 * are too many for GitLab, leaves out the last ones, and a link to the report says how many.
 * Format: `artifacts:reports:annotations`, whose only type of link is `external_link`. Pure.
 */
export function annotationsJson(report: RunReport, job: JobReport): string {
  const links = artifactLinks(report.tests, job);
  // a binary search for the most links that fit
  let [fits, tooMany] = [0, links.length + 1];
  while (tooMany - fits > 1) {
    const kept = Math.floor((fits + tooMany) / 2);
    if (Buffer.byteLength(sectionsJson(links, kept, job)) <= maxBytes) fits = kept;
    else tooMany = kept;
  }
  return sectionsJson(links, fits, job);
}

/**
 * Writes `annotations.json` into the output directory.
 * @throws {@link EnvironmentError} if it cannot be written
 */
export async function writeAnnotations(outDirectory: string, report: RunReport, job: JobReport): Promise<void> {
  await writeReport(join(outDirectory, 'annotations.json'), annotationsJson(report, job));
}

function artifactLinks(tests: readonly TestReport[], job: JobReport): readonly Link[] {
  const rank = (test: TestReport): number => (hasFailed(test) ? 0 : 1);
  const files = tests
    .toSorted((a, b) => rank(a) - rank(b))
    .flatMap((test) => test.artifacts.map((file) => ({ test, file, kind: kindOf(file) })));
  const named = files.flatMap(({ test: { fullName, status }, file, kind }) => {
    const name = `${escapeControls(fullName)} (${status}): ${escapeControls(file.split('/').at(-1) ?? file)}`;
    return kind === undefined ? [] : [{ kind, name, url: artifactUrl(job, file) }];
  });
  const labels = uniqueNames(named.map(({ name }) => name));
  return named.map(({ kind, name, url }, index) => ({ kind, label: labels[index] ?? name, url }));
}

function kindOf(file: string): string | undefined {
  return Object.keys(kinds).find((kind) => kinds[kind]?.test(file));
}

function sectionsJson(links: readonly Link[], kept: number, job: JobReport): string {
  const url = artifactUrl(job, 'report/index.html');
  const rest = links.length - kept;
  const more = rest > 0 ? [externalLink({ label: `Report, also for ${rest} more files`, url })] : [];
  const byKind = Map.groupBy(links.slice(0, kept), ({ kind }) => kind);
  const sections = [...byKind].map(([kind, ofKind]) => [kind, ofKind.map(externalLink)] as const);
  return `${printableJson({ alpy: [externalLink({ label: 'Report', url }), ...more], ...Object.fromEntries(sections) })}\n`;
}

function externalLink({ label, url }: Pick<Link, 'label' | 'url'>): unknown {
  return { external_link: { label, url } };
}

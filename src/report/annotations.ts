// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import type { JobReport, RunReport, TestReport } from './model.ts';
import { escapeControls } from './text.ts';
import { uniqueNames } from './unique-names.ts';
import { writeReport } from './write-file.ts';

/** Address of a file of the output directory. Pure. @param file - relative to it, with forward slashes */
export function artifactUrl({ jobUrl, outPath }: JobReport, file: string): string {
  const parts = [...outPath.split('/'), ...file.split('/')].filter((part) => part !== '' && part !== '.');
  return `${jobUrl}/artifacts/file/${parts.map((part) => encodeURIComponent(part.toWellFormed())).join('/')}`;
}

/**
 * Bytes that the file may have: GitLab refuses one over 80 KiB as a whole (`ci_job_annotations_size`, 81920, in
 * `Ci::ParseAnnotationsArtifactService`), so that even the link to the report would be missing.
 */
const maxBytes = 80_000;

/** Sections of links, each with what the files in it are called. GitLab takes 20 sections (`ci_job_annotations_num`). */
const kinds: Readonly<Record<string, RegExp>> = { Captures: /\.pcap$/, 'Console logs': /(^|\/)console\.(txt|log)$/ };

interface Link {
  readonly kind: string;
  readonly label: string;
  readonly url: string;
}

/**
 * Links for the page of a GitLab job: the report, and every capture and console log, those of failed tests first. When
 * they are too many for GitLab, the last are left out, and a link to the report says how many.
 * Format: `artifacts:reports:annotations`, whose only type of link is `external_link`. Pure.
 */
export function annotationsJson(report: RunReport, place: JobReport): string {
  const links = artifactLinks(report.tests, place);
  // the more links, the longer the text: halve the range until the most that fit are known
  let [fits, tooMany] = [0, links.length + 1];
  while (tooMany - fits > 1) {
    const kept = Math.floor((fits + tooMany) / 2);
    if (Buffer.byteLength(sectionsJson(links, kept, place)) <= maxBytes) fits = kept;
    else tooMany = kept;
  }
  return sectionsJson(links, fits, place);
}

/**
 * Writes `annotations.json` into the output directory.
 * @throws {@link EnvironmentError} when it cannot be written
 */
export async function writeAnnotations(outDirectory: string, report: RunReport, place: JobReport): Promise<void> {
  await writeReport(join(outDirectory, 'annotations.json'), annotationsJson(report, place));
}

function artifactLinks(tests: readonly TestReport[], place: JobReport): readonly Link[] {
  const rank = ({ status }: TestReport): number => (status === 'failed' || status === 'error' ? 0 : 1);
  const files = tests
    .toSorted((a, b) => rank(a) - rank(b))
    .flatMap((test) => test.artifacts.map((file) => ({ test, file, kind: kindOf(file) })));
  const wanted = files.flatMap(({ test: { fullName, status }, file, kind }) => {
    const name = `${escapeControls(fullName)} (${status}): ${escapeControls(file.split('/').at(-1) ?? file)}`;
    return kind === undefined ? [] : [{ kind, name, url: artifactUrl(place, file) }];
  });
  const labels = uniqueNames(wanted.map(({ name }) => name));
  return wanted.map(({ kind, name, url }, index) => ({ kind, label: labels[index] ?? name, url }));
}

function kindOf(file: string): string | undefined {
  return Object.keys(kinds).find((kind) => kinds[kind]?.test(file));
}

function sectionsJson(links: readonly Link[], kept: number, place: JobReport): string {
  const url = artifactUrl(place, 'report/index.html');
  const rest = links.length - kept;
  const more = rest > 0 ? [externalLink({ label: `Report, also for ${rest} more files`, url })] : [];
  const byKind = Map.groupBy(links.slice(0, kept), ({ kind }) => kind);
  const sections = [...byKind].map(([kind, ofKind]) => [kind, ofKind.map(externalLink)] as const);
  return `${JSON.stringify({ alpy: [externalLink({ label: 'Report', url }), ...more], ...Object.fromEntries(sections) })}\n`;
}

function externalLink({ label, url }: Pick<Link, 'label' | 'url'>): unknown {
  return { external_link: { label, url } };
}

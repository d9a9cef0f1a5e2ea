// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import type { RunReport, TestReport } from './model.ts';
import { escapeControls } from './text.ts';
import { uniqueNames } from './unique-names.ts';
import { writeReport } from './write-file.ts';

/** Where a job's artifacts can be opened. */
export interface ArtifactPlace {
  /** address of the job's page, `CI_JOB_URL` */
  readonly jobUrl: string;
  /** output directory relative to the project's, with forward slashes */
  readonly outPath: string;
}

/** Address of a file of the output directory. Pure. @param file - relative to it, with forward slashes */
export function artifactUrl({ jobUrl, outPath }: ArtifactPlace, file: string): string {
  const parts = [...outPath.split('/'), ...file.split('/')].filter((part) => part !== '' && part !== '.');
  return `${jobUrl}/artifacts/file/${parts.map(encodeURIComponent).join('/')}`;
}

const isWanted = (file: string): boolean => file.endsWith('.pcap') || file.endsWith('/console.log');

/**
 * Links for the page of a GitLab job: the report, and every capture and console log, those of failed tests first.
 * Format: `artifacts:reports:annotations`, whose only type of link is `external_link`. Pure.
 */
export function annotationsJson(report: RunReport, place: ArtifactPlace): string {
  const rank = ({ status }: TestReport): number => (status === 'failed' || status === 'error' ? 0 : 1);
  const files = [...report.tests]
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((test) => test.artifacts.filter(isWanted).map((file) => ({ test, file })));
  const labels = uniqueNames(
    files.map(
      ({ test: { fullName, status }, file }) => `${escapeControls(fullName)} (${status}): ${file.split('/').at(-1) ?? file}`,
    ),
  );
  const link = (label: string, file: string): unknown => ({ external_link: { label, url: artifactUrl(place, file) } });
  return `${JSON.stringify(
    {
      alpy: [link('Report', 'report/index.html')],
      'Captures and console logs': files.map(({ file }, index) => link(labels[index] ?? file, file)),
    },
    null,
    2,
  )}\n`;
}

/**
 * Writes `annotations.json` into the output directory.
 * @throws {@link EnvironmentError} when it cannot be written
 */
export async function writeAnnotations(outDirectory: string, report: RunReport, place: ArtifactPlace): Promise<void> {
  await writeReport(join(outDirectory, 'annotations.json'), annotationsJson(report, place));
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { caseNames, causeOfTest, causeText, classNote, failureLines, hasFailed, oneLine } from '../report/index.ts';
import type { ErrorReport, RunReport, TestReport, TestStatus } from '../report/index.ts';
import { caseKey, type Comparison } from './known-failures.ts';
import { foldedBlock, inline } from './markdown.ts';

/** Most tests of each kind that are shown with their errors. */
const maxBlocks = 20;

/** How a test ended, as a picture. */
export const icons: Readonly<Record<TestStatus, string>> = {
  passed: '✅',
  flaky: '⚠️',
  failed: '❌',
  error: '💥',
  skipped: '⏭️',
};

/**
 * The parts of the note about failed and flaky tests, each with its cause and place. The failures that the target branch does not have
 * come before those that it has. Pure.
 * @param pipelineUrl - page of this pipeline, to link the other one
 */
export function failureParts(reports: readonly RunReport[], comparison: Comparison, pipelineUrl?: string): readonly string[] {
  const failed = reports.flatMap((report) => {
    const names = caseNames(report.tests);
    return report.tests.filter(hasFailed).map((test) => ({
      test,
      key: caseKey({ className: oneLine(test.file), name: names.get(test) ?? '' }),
    }));
  });
  const outside = reports.flatMap(({ errors }) => errors);
  const flaky = reports.flatMap(({ tests }) => tests.filter(({ status }) => status === 'flaky'));
  const known = failed.filter(({ key }) => 'failed' in comparison && comparison.failed.has(key));
  const fresh = failed.filter((one) => !known.includes(one));
  const isCompared = 'failed' in comparison;
  return [
    ...(failed.length === 0 ? [] : [comparisonLine(comparison, pipelineUrl)]),
    ...testParts(isCompared ? 'New failures' : 'Failures', fresh.map(testOf)),
    ...testParts('Known failures', known.map(testOf)),
    ...(outside.length === 0 ? [] : [`**Errors outside any test (${outside.length})**`]),
    ...outside.slice(0, maxBlocks).map(outsidePart),
    ...testParts('Flaky tests', flaky),
  ];
}

function testOf({ test }: { readonly test: TestReport }): TestReport {
  return test;
}

function comparisonLine(comparison: Comparison, pipelineUrl: string | undefined): string {
  if ('unknown' in comparison) return `Cannot separate new failures from known ones: ${inline(comparison.unknown, 400)}`;
  const { branch, pipelineId } = comparison;
  const url = pipelineUrl?.replace(/\/\d+$/, `/${pipelineId}`);
  const pipeline = url === undefined ? `pipeline ${pipelineId}` : `[pipeline ${pipelineId}](${url})`;
  return `Compared with ${pipeline} of ${inline(branch)}: a known failure also fails there.`;
}

function testParts(title: string, tests: readonly TestReport[]): readonly string[] {
  if (tests.length === 0) return [];
  const more = tests.length - maxBlocks;
  return [
    `**${title} (${tests.length})**`,
    ...tests.slice(0, maxBlocks).map(testPart),
    ...(more > 0 ? [`… and ${more} more in the report.`] : []),
  ];
}

function testPart(test: TestReport): string {
  const summary = summaryOf(`${icons[test.status]} ${inline(test.fullName)}`, causeText(test), causeOfTest(test));
  const note = classNote(test);
  return foldedBlock(
    summary,
    [...failureLines(test.errors, { maxBlocks: 3 }), ...(note === undefined ? [] : ['', note])].join('\n'),
  );
}

function outsidePart(error: ErrorReport): string {
  const errors = [error];
  return foldedBlock(summaryOf(icons.error, causeText({ errors }), error), failureLines(errors).join('\n'));
}

function summaryOf(title: string, cause: string | undefined, error: ErrorReport | undefined): string {
  const place = error?.place === undefined ? '' : ` (${inline(`${error.place.file}:${error.place.line}`)})`;
  return `${title}<br>${inline(cause ?? 'no error was reported', 300)}${place}`;
}

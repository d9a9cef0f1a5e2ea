// SPDX-License-Identifier: GPL-3.0-or-later
import { join, posix } from 'node:path';
import junitReportBuilder, { type Builder, type TestCase } from 'junit-report-builder';
import { causeOfTest, causeText } from './cause.ts';
import { caseNames, oneLine } from './case-names.ts';
import { attachmentMark, caseOutput, failureText, withoutMarks } from './junit-text.ts';
import type { RunReport, TestReport } from './model.ts';
import { hasFailed } from './status.ts';
import { plainLines } from './text.ts';
import { writeReport } from './write-file.ts';

// The type declarations assume ES module interop (`.default`), which the CommonJS build lacks under NodeNext.
const junit = junitReportBuilder as unknown as Builder;

/** Most characters of all failing tests together: GitLab rejects files over 30 MB, and a character can take 5 bytes (`&amp;`). */
const maxOutputLength = 5_000_000;

/**
 * The run as JUnit XML for GitLab: one suite per test file, unique names, the message as content of `<failure>` (the device's fault)
 * or `<error>` (any other fault), one attachment per test that did not pass.
 * @param outPath - output directory relative to the project's, with forward slashes, because GitLab resolves attachments there
 */
export function junitXml(report: RunReport, outPath: string): string {
  const builder = junit.newBuilder().name('alpy');
  const failing = report.tests.filter(hasFailed).length;
  const maxLength = Math.max(2000, Math.min(32_000, Math.floor(maxOutputLength / (2 * Math.max(1, failing)))));
  const names = caseNames(report.tests);
  for (const [file, tests] of Map.groupBy(report.tests, (test) => test.file)) {
    const suite = addSuite(
      builder,
      report,
      file,
      tests.reduce((sum, test) => sum + test.durationMs, 0),
    );
    for (const test of tests) {
      addOutcome(suite.testCase().name(names.get(test) ?? ''), test, { report, outPath, maxLength });
    }
  }
  if (report.errors.length > 0) {
    const suite = addSuite(builder, report, 'alpy', 0);
    const run = {
      id: '',
      name: 'run',
      fullName: 'run',
      file: 'alpy',
      status: 'error',
      durationMs: 0,
      artifacts: [],
      steps: [],
    } as const;
    addOutcome(suite.testCase().name('run'), { ...run, errors: report.errors }, { report, outPath, maxLength });
  }
  return builder.build();
}

/**
 * Writes `junit.xml` into the output directory.
 * @throws {@link EnvironmentError} if it cannot be written
 */
export async function writeJunit(outDirectory: string, report: RunReport, outPath: string): Promise<void> {
  await writeReport(join(outDirectory, 'junit.xml'), junitXml(report, outPath));
}

function addSuite(builder: Builder, report: RunReport, name: string, durationMs: number): ReturnType<Builder['testSuite']> {
  const suite = builder.testSuite().name(oneLine(name)).timestamp(report.startedAt).time(toSeconds(durationMs));
  suite.property('alpy', report.alpyVersion);
  for (const [key, value] of Object.entries(report.environment)) suite.property(oneLine(key), oneLine(value));
  return suite;
}

interface Options {
  readonly report: Pick<RunReport, 'projectPath'>;
  readonly outPath: string;
  readonly maxLength: number;
}

function addOutcome(item: TestCase, test: TestReport, { report, outPath, maxLength }: Options): void {
  // GitLab links the file if its path begins at the project's root; the class name stays the same wherever the run was started
  const file = posix.join(report.projectPath ?? '', test.file);
  item.className(oneLine(test.file)).file(oneLine(file)).time(toSeconds(test.durationMs));
  if (test.status === 'flaky') item.property('flaky', 'true');
  if (test.failureClass !== undefined) item.property('failure-class', test.failureClass);
  if (test.attempts !== undefined) item.property('attempts', String(test.attempts));
  if (test.status === 'skipped') {
    item.skipped();
    addTexts(item, { skipped: withoutMarks(plainLines(test.skipReason ?? '')) });
  }
  if (!hasFailed(test)) return; // GitLab does not show the output of passed tests
  const element = test.status === 'failed' ? 'failure' : 'error';
  item[element](causeText(test) ?? '', causeOfTest(test)?.fault ?? 'unknown');
  addTexts(item, {
    [element]: withoutMarks(failureText(test, outPath, maxLength)),
    'system-out': attachmentMark(test.artifacts, outPath) + withoutMarks(caseOutput(test, maxLength)),
  });
}

/**
 * Adds texts to the elements of a case when it is built. The builder's own methods write CDATA sections, which xmlbuilder gets wrong
 * if a text contains `]]>` twice, and cannot add a text to `<skipped>`.
 */
function addTexts(item: TestCase, texts: Readonly<Record<string, string>>): void {
  const build = item.build.bind(item);
  item.build = (parent) => {
    const element = build(parent);
    for (const [name, text] of Object.entries(texts).filter(([, text]) => text !== '')) {
      const existing = element.children.find((child): child is XMLElement => 'name' in child && child.name === name);
      (existing ?? element.ele(name)).txt(text);
    }
    return element;
  };
}

type XMLElement = ReturnType<TestCase['build']>;

function toSeconds(durationMs: number): number {
  return Number((durationMs / 1000).toFixed(3));
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { XMLParser } from 'fast-xml-parser';
import { SyntaxValidator } from 'fast-xml-validator';
import { describe, expect, test } from 'vitest';
import type { StepEvent } from '../../../src/core/step.ts';
import { noteText } from '../../../src/gitlab/index.ts';
import { annotationsJson } from '../../../src/report/annotations.ts';
import { eventLine } from '../../../src/report/events.ts';
import { failureLines } from '../../../src/report/failure-text.ts';
import { htmlReport } from '../../../src/report/html.ts';
import { JobLog, testSection } from '../../../src/report/job-log.ts';
import { junitXml } from '../../../src/report/junit.ts';
import { metricsText } from '../../../src/report/metrics.ts';
import { runJson } from '../../../src/report/run-json.ts';
import { stepLines } from '../../../src/report/step-tree.ts';
import { summaryLines, terminalSink, testLine } from '../../../src/report/terminal.ts';
import { harmful, hostileReport, hostileText } from '../../support/hostile.ts';

const report = hostileReport();
const job = { jobUrl: 'https://gitlab.example/g/p/-/jobs/7', outPath: 'alpy-out' };

function events(): readonly StepEvent[] {
  const step = { id: '1', category: 'step', title: hostileText, source: hostileText, timeMs: 0 } as const;
  return [
    { ...step, kind: 'begin' },
    { kind: 'log', stepId: '1', source: hostileText, timeMs: 0, text: hostileText },
    { ...step, kind: 'end', durationMs: 1, error: hostileText },
  ];
}

function jobLogLines(): readonly string[] {
  const lines: string[] = [];
  const log = new JobLog({ write: (line) => lines.push(line), nowMs: () => 0 });
  for (const one of report.tests)
    testSection(log, one, [{ file: 'console.txt', lines: hostileText.split('\n') }], stepLines(one.steps));
  log.essential(hostileText);
  return lines;
}

function terminalLines(): readonly string[] {
  const lines: string[] = [];
  const sink = terminalSink((line) => lines.push(line));
  for (const event of events()) sink(event);
  return lines;
}

const writers: Readonly<Record<string, () => string>> = {
  'the live lines of a terminal': () => terminalLines().join('\n'),
  'debug.log': () =>
    events()
      .map((event) => eventLine(event, [hostileText]))
      .join('\n'),
  'lines of tests': () => report.tests.map(testLine).join('\n'),
  'the summary of a run': () => summaryLines(report, 'alpy-out').join('\n'),
  'the text of errors': () => failureLines(report.errors).join('\n'),
  'junit.xml': () => junitXml(report, 'alpy-out'),
  'report/index.html': () => htmlReport(report),
  'metrics.txt': () => metricsText(report),
  'annotations.json': () => annotationsJson(report, job),
  'run.json': () => runJson(report),
  'the note on a merge request': () => noteText('alpy', [{ ...job, report }]),
};

describe('a hostile guest', () => {
  test.for(Object.entries(writers))('has no control or direction character in %s', ([, write]) => {
    expect(harmful.exec(write())).toBeNull();
  });

  test('prints no line of its own on a terminal: a line per event and test', () => {
    expect(terminalLines()).toHaveLength(3);
    for (const one of report.tests) expect(testLine(one)).not.toContain('\n');
    expect(summaryLines(report, 'alpy-out').at(-1)).toMatch(/^1 passed, 3 failed, 1 skipped/);
  });

  test('opens and closes no section of the job log', () => {
    const text = jobLogLines().join('\n');
    const marks = text.match(/\x1b\[0Ksection_(?:start|end):\d+:[\w.-]+(?:\[[^\]]*\])?\r\x1b\[0K/g) ?? [];
    expect(marks.filter((mark) => mark.startsWith('\x1b[0Ksection_start'))).toHaveLength(4); // one for each test that was not skipped
    expect(marks).toHaveLength(8);
    expect(harmful.exec(marks.reduce((rest, mark) => rest.replace(mark, ''), text))).toBeNull();
  });

  test('cannot break junit.xml or attach a file', () => {
    const xml = junitXml(report, 'alpy-out');
    expect(SyntaxValidator.validate(xml)).toBe(true);
    expect(xml).not.toMatch(/[\ufffe\uffff]/);
    const parsed = new XMLParser({ isArray: (name) => name === 'testcase' }).parse(xml) as {
      testsuites: { testsuite: readonly { testcase: readonly object[] }[] };
    };
    const cases = parsed.testsuites.testsuite.flatMap(({ testcase }) => testcase);
    expect(cases).toHaveLength(6); // five tests, and the run
    const attached = [...JSON.stringify(cases).matchAll(/\[\[ATTACHMENT\|([^[\]|]+)\]\]/g)].map(([, path]) => path);
    expect(new Set(attached)).toEqual(new Set(['alpy-out/tests/hostile/console.txt']));
  });

  test('adds no markup to the HTML report', () => {
    const page = htmlReport(report);
    expect(page.match(/<(?:script|style|img|svg|b)[\s>]/g)).toEqual([
      '<style>',
      ...Array.from({ length: 5 }, () => '<b '),
      '<script>',
    ]);
    const tags = page.replace(/<(style|script)>.*?<\/\1>/gs, '').replace(/="[^"]*"/g, '');
    expect(/<[^>]*\son\w/.exec(tags)).toBeNull();
    expect(
      [...page.matchAll(/(?:href|src)="([^"]*)"/g)].filter(([, target]) => !/^(?:\.\.\/|#t\d+$)/.test(target ?? '')),
    ).toEqual([]);
  });

  test('adds no markup to the note, and mentions nobody', () => {
    const own = /<\/?(?:details|summary|pre)>|<br>|<!-- alpy:alpy -->|\[[^\]]*\]\(https:\/\/gitlab\.example\/[^)\s]*\)/g;
    const rest = noteText('alpy', [{ ...job, report }]).replace(own, '');
    expect(/[<>[\]@~`]|!1|#1(?!\d*;)|^\/close/m.exec(rest)).toBeNull();
  });

  test('adds no series to the metrics', () => {
    const series = metricsText(report)
      .split('\n')
      .filter((text) => text.startsWith('alpy_tests{'));
    expect(series).toHaveLength(5);
    expect(metricsText(report).match(/^# EOF$/gm)).toHaveLength(1);
  });

  test('keeps its text in run.json', () => {
    const parsed = JSON.parse(runJson(report)) as typeof report;
    expect(parsed.tests[0]?.steps[0]?.log[0]).toBe(hostileText);
  });
});

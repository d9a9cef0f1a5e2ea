// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { SyntaxValidator } from 'fast-xml-validator';
import { expect } from 'vitest';
import { noteText } from '../../../src/gitlab/index.ts';
import {
  failureLines,
  htmlReport,
  mergeOutputs,
  parseRunJson,
  readEvents,
  readStoredResults,
  runJson,
  shardProblem,
  stepTree,
  storedResultsFile,
  summaryLines,
  type RunReport,
} from '../../../src/report/index.ts';
import { annotationsJson } from '../../../src/report/annotations.ts';
import { eventLine } from '../../../src/report/events.ts';
import { junitXml } from '../../../src/report/junit.ts';
import { metricsText } from '../../../src/report/metrics.ts';
import { capText, escapeControls, plainLines, visibleLines } from '../../../src/report/text.ts';
import { testDirectoryName } from '../../../src/report/test-directory.ts';
import { uniqueNames } from '../../../src/report/unique-names.ts';
import { readDurations } from '../../../src/runner/durations.ts';
import { readLastFailed } from '../../../src/runner/last-failed.ts';
import { allowingErrors, anyText, brokenBytes, brokenJson, fuzz } from '../../support/fuzz.ts';
import { harmful } from '../../support/hostile.ts';
import { runReport, stepReport, testReport } from './build.ts';

const failed = testReport({
  id: '2',
  status: 'failed',
  directory: 'tests/two',
  artifacts: ['tests/two/link0.pcap', 'tests/two/screen.png'],
  errors: [
    {
      message: 'no answer',
      name: 'AssertionError',
      code: 'ALPY_X',
      fault: 'device',
      stack: 'at f (a.test.ts:1:2)',
      place: { file: 'a.test.ts', line: 1, column: 2 },
      codeFrame: '> 1 | x',
      expected: '1',
      actual: '2',
      diff: '- 1\n+ 2',
      details: [{ title: 'Last lines', lines: ['a', 'b'] }],
      hasMissedDeadline: true,
    },
    { message: 'also', isConsequence: true },
  ],
  steps: [stepReport({ durationMs: 5, error: 'no', log: ['line'], children: [stepReport()] })],
  line: 3,
  attempts: 2,
  overload: 'busy',
});
const full = runReport([testReport(), failed, testReport({ id: '3', status: 'skipped', skipReason: 'no', notRun: true })], {
  errors: [{ message: 'outside' }],
  exitStatus: 1,
  failsOnFlaky: true,
  projectPath: 'sub',
  shard: { index: 1, total: 1, plan: 'p' },
  job: { jobUrl: 'https://gitlab.example/g/p/-/jobs/7', outPath: 'alpy-out' },
});
const parsed = JSON.parse(runJson(full)) as object;
const brokenReport = brokenJson(parsed);

fuzz(
  'a run.json is read or refused, and every report can be written from what was read',
  [brokenReport],
  async (value) => {
    const report = await allowingErrors(() => parseRunJson(value, 'run.json'));
    if (report) assertReports(report);
  },
  {
    runs: 60,
    examples: [
      [{ schemaVersion: 1, tests: [null] }],
      [{ ...parsed, tests: [{ ...failed, artifacts: ['../../etc/passwd'] }] }],
      [{ ...parsed, startedAt: 'never' }],
      [{ ...parsed, job: { jobUrl: 'javascript:alert(1)', outPath: '' } }],
    ],
  },
);

/** Writes all reports of a run, and checks those that other programs read. */
function assertReports(report: RunReport): void {
  const xml = junitXml(report, 'alpy-out');
  expect(SyntaxValidator.validate(xml)).toBe(true);
  const page = htmlReport(report);
  const tags = page.replace(/<(style|script)>.*?<\/\1>/gs, '').replace(/="[^"]*"/g, '');
  expect(/<(?:script|svg|iframe)\b|<[^>]*\son\w/.exec(tags)).toBeNull();
  expect([...page.matchAll(/(?:href|src)="([^"]*)"/g)].filter(([, target]) => !/^(?:\.\.\/|#t\d+$)/.test(target ?? ''))).toEqual(
    [],
  );
  expect(metricsText(report).match(/^# EOF$/gm)).toHaveLength(1);
  const job = { jobUrl: 'https://gitlab.example/g/p/-/jobs/7', outPath: 'alpy-out' };
  const texts = [
    xml,
    page,
    summaryLines(report, 'alpy-out').join('\n'),
    noteText('alpy', [{ ...job, report }]),
    annotationsJson(report, job),
  ];
  for (const text of texts) expect(harmful.exec(text)).toBeNull();
  expect(shardProblem([report])).toSatisfy((problem) => problem === undefined || typeof problem === 'string');
}

const texts = fc.record({
  name: anyText,
  fullName: anyText,
  file: anyText,
  message: anyText,
  title: anyText,
  log: fc.array(anyText, { maxLength: 3 }),
});

fuzz(
  'hostile text in a report breaks no format, and run.json keeps it',
  [fc.array(texts, { minLength: 1, maxLength: 4 })],
  (tests) => {
    const report = runReport(
      tests.map(({ message, title, log, ...names }, index) =>
        testReport({
          ...names,
          id: String(index),
          status: index % 2 === 0 ? 'failed' : 'error',
          errors: [{ message, stack: message, codeFrame: message, diff: message, details: [{ title, lines: log }] }],
          steps: [stepReport({ title, log, error: message })],
        }),
      ),
    );
    assertReports(report);
    expect(parseRunJson(JSON.parse(runJson(report)), 'run.json')).toEqual(report);
    for (const line of failureLines(report.errors)) expect(harmful.exec(line)).toBeNull();
  },
  { runs: 20 },
);

const ndjson = [
  { kind: 'begin', id: '1', category: 'step', title: 'Boot', source: 'alpy.qemu', timeMs: 1 },
  { kind: 'log', stepId: '1', source: 'dut', timeMs: 2, text: 'line' },
  { kind: 'end', id: '1', category: 'step', title: 'Boot', source: 'alpy.qemu', timeMs: 3, durationMs: 2, error: 'no' },
];
const brokenEvents = fc.oneof(
  fc.tuple(...ndjson.map(brokenJson)).map((events) => Buffer.from(events.map((event) => JSON.stringify(event)).join('\n'))),
  brokenBytes(ndjson.map((event) => JSON.stringify(event)).join('\n')),
);

fuzz(
  'any events.ndjson gives steps that every report can show',
  [brokenEvents],
  async (bytes) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const file = join(folder.path, 'events.ndjson');
    await writeFile(file, bytes);
    const events = [...readEvents(file)];
    for (const event of events) expect(harmful.exec(eventLine(event, []))).toBeNull();
    const report = runReport([testReport({ status: 'failed', steps: stepTree(events) })]);
    assertReports(report);
    expect(parseRunJson(JSON.parse(runJson(report)), 'run.json')).toEqual(report);
  },
  {
    runs: 25,
    examples: [[Buffer.from('{"kind":"begin","id":"1","category":"step","title":"","source":"","timeMs":1e999}\n')]],
  },
);

fuzz(
  'shards with any run.json are merged or refused, and no file lands outside of the output',
  [brokenReport, brokenReport],
  async (...values) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const [inner, shards] = [join(folder.path, 'inner'), ['a', 'b'].map((name) => join(folder.path, 'inner', name))];
    for (const [index, directory] of shards.entries()) {
      await mkdir(join(directory, 'tests', 'two'), { recursive: true });
      await writeFile(join(directory, 'tests', 'two', 'link0.pcap'), '');
      const value = values[index];
      const shard = { index: index + 1, total: 2, plan: 'p' };
      await writeFile(join(directory, 'run.json'), JSON.stringify(isObject(value) && index === 1 ? { ...value, shard } : value));
    }
    await allowingErrors(() => mergeOutputs({ directories: shards, out: join(inner, 'out'), outPath: 'out' }));
    await allowingErrors(() => mergeOutputs({ directories: shards.slice(0, 1), out: join(inner, 'out'), outPath: 'out' }));
    expect(await readdir(folder.path)).toEqual(['inner']);
    expect((await readdir(inner)).filter((name) => !['a', 'b', 'out'].includes(name))).toEqual([]);
  },
  { runs: 12 },
);

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const head = { alpyVersion: '1', startedAt: '2026-11-24T01:02:03.000Z', environment: { accel: 'tcg' } };

fuzz(
  'stored results of a dead run are read or refused, whatever else is in their file',
  [
    brokenJson({ run: head }),
    brokenJson({
      test: failed,
    }),
    brokenBytes(JSON.stringify({ test: failed })),
  ],
  async (run, result, bytes) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const lines = [JSON.stringify(run), JSON.stringify(result), bytes.toString()];
    await writeFile(join(folder.path, storedResultsFile), lines.join('\n'));
    const report = await allowingErrors(() => readStoredResults(folder.path));
    if (!report) return;
    expect(report.exitStatus).not.toBe(0);
    assertReports(report);
  },
  { runs: 25, examples: [[{ run: head }, { test: 5 }, Buffer.from('null')]] },
);

fuzz(
  'durations and failed tests are read from any file, or the file is refused',
  [
    fc.oneof(
      brokenReport.map((value) => Buffer.from(JSON.stringify(value))),
      brokenBytes('{"a.test.ts": 3}', JSON.stringify(parsed)),
    ),
  ],
  async (content) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    await writeFile(join(folder.path, 'run.json'), content);
    const durations = await allowingErrors(() => readDurations(join(folder.path, 'run.json')));
    for (const seconds of durations?.values() ?? []) expect(seconds).toBeGreaterThanOrEqual(0);
    await allowingErrors(() => readLastFailed(folder.path));
  },
  { runs: 30, examples: [[Buffer.from('{"schemaVersion": 1, "tests": [null]}')]] },
);

fuzz('a test folder has a safe name, whatever the test is called', [anyText, anyText, fc.nat(10_000)], (file, fullName, n) => {
  const name = testDirectoryName({ file, fullName }, n);
  expect(name).toMatch(/^[a-z0-9][a-z0-9-]{0,79}$/);
});

fuzz(
  'numbered names are unique, and names that occur once stay',
  [fc.array(fc.oneof(anyText, fc.constantFrom('a', 'a (2)', 'a (3)')))],
  (names) => {
    const unique = uniqueNames(names);
    expect(new Set(unique).size).toBe(names.length);
    for (const [index, name] of names.entries()) if (names.indexOf(name) === index) expect(unique[index]).toBe(name);
  },
);

fuzz('text for people has no harmful character, and escaping it again changes nothing', [anyText, fc.nat(50)], (text, length) => {
  for (const escape of [plainLines, escapeControls, visibleLines]) {
    const once = escape(text);
    expect(harmful.exec(once)).toBeNull();
    expect(escape(once)).toBe(once);
  }
  expect(capText(text, length).length).toBeLessThanOrEqual(Math.max(text.length, length + 60));
});

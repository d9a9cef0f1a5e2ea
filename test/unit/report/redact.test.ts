// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { makeRedactor } from '../../../src/core/redact.ts';
import { redactReport } from '../../../src/report/redact.ts';
import { runReport, testReport } from './build.ts';

const step = { source: 'a hidden-word', timeMs: 1, durationMs: 2 };

function build(word: string): ReturnType<typeof runReport> {
  const inner = { ...step, source: `a ${word}`, title: word, error: `no ${word}`, log: [word, 'x'], children: [] };
  const tests = [
    testReport({
      fullName: `t ${word}`,
      status: 'failed',
      errors: [{ message: word, stack: `at ${word}`, diff: `- ${word}`, code: 'ALPY_X', fault: 'device' }],
      artifacts: [`tests/${word}/link0.pcap`],
      steps: [{ ...inner, children: [inner] }],
      skipReason: word,
    }),
  ];
  return runReport(tests, { environment: { docker: word, status: word }, errors: [{ message: word }] });
}

test('every text, however deep, and nothing else; the original stays', () => {
  const report = build('hidden-word');
  const before = structuredClone(report);
  expect(redactReport(report, makeRedactor(['hidden-word']))).toEqual(build('[MASKED]'));
  expect(report).toEqual(before);
});

test('words that decide are no secrets', () => {
  const report = runReport([testReport({ status: 'error', errors: [{ message: 'no environment', fault: 'environment' }] })]);
  expect(redactReport(report, makeRedactor(['environment'])).tests[0]).toMatchObject({
    status: 'error',
    errors: [{ message: 'no [MASKED]', fault: 'environment' }],
  });
});

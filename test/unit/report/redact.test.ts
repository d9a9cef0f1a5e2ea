// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { makeRedactor } from '../../../src/core/redact.ts';
import { redactReport } from '../../../src/report/redact.ts';
import { runReport, stepReport, testReport } from './build.ts';

function build(word: string): ReturnType<typeof runReport> {
  const inner = stepReport({ source: `a ${word}`, title: word, durationMs: 2, error: `no ${word}`, log: [word, 'x'] });
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

test('redactReport redacts every text at any depth in a copy', () => {
  const report = build('hidden-word');
  const before = structuredClone(report);
  expect(redactReport(report, makeRedactor(['hidden-word']))).toEqual(build('[MASKED]'));
  expect(report).toEqual(before);
});

test('fields with fixed words stay, even when such a word is a secret', () => {
  const errors = [{ message: 'no environment', fault: 'environment' }] as const;
  const steps = [stepReport({ category: 'testbed.boot', title: 'do testbed.boot' })];
  const report = runReport([testReport({ status: 'error', errors, steps })]);
  expect(redactReport(report, makeRedactor(['environment', 'testbed.boot'])).tests[0]).toMatchObject({
    status: 'error',
    errors: [{ message: 'no [MASKED]', fault: 'environment' }],
    steps: [{ category: 'testbed.boot', title: 'do [MASKED]' }],
  });
});

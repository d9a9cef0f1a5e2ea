// SPDX-License-Identifier: GPL-3.0-or-later
import { XMLParser } from 'fast-xml-parser';
import { SyntaxValidator } from 'fast-xml-validator';
import { expect, test } from 'vitest';
import { junitXml } from '../../../src/report/junit.ts';
import { runReport, stepReport, testReport } from './build.ts';

interface Case {
  readonly '@name': string;
  readonly failure?: { readonly '#text': string };
  readonly 'system-out'?: string;
}

function parse(xml: string): unknown {
  expect(SyntaxValidator.validate(xml)).toBe(true);
  expect(xml.isWellFormed()).toBe(true);
  // what XML 1.0 forbids, which the parser would let pass
  expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
  const isArray = (name: string): boolean => name === 'testsuite' || name === 'testcase' || name === 'property';
  return new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    isArray,
    trimValues: false,
    parseTagValue: false,
  }).parse(xml.replace(/>\n\s*</g, '><'));
}

function cases(xml: string): readonly Case[] {
  const { testsuites } = parse(xml) as { testsuites: { testsuite: { testcase: Case[] }[] } };
  return testsuites.testsuite.flatMap(({ testcase }) => testcase);
}

test('the whole document, with every outcome', () => {
  const artifacts = ['tests/a/link0.pcap', 'tests/a/debug.log'];
  const steps = [stepReport({ durationMs: 10, log: ['hello'] })];
  const stack = 'AssertionError: 1 is not 2\nand more\n    at a.test.ts:3:5';
  const tests = [
    testReport({ artifacts, steps }),
    testReport({
      durationMs: 0.04,
      status: 'failed',
      errors: [{ message: '1 is not 2\nand more', stack, diff: '- 1\n+ 2', fault: 'device' }],
      artifacts,
      steps,
    }),
    testReport({
      file: 'b.test.ts',
      status: 'error',
      errors: [{ message: 'no Docker', code: 'ALPY_X', fault: 'environment' }, { message: 'x' }],
    }),
    testReport({ file: 'b.test.ts', status: 'skipped', skipReason: 'no <KVM>' }),
    testReport({ file: 'b.test.ts', status: 'skipped' }),
  ];
  const environment = {
    '@timestamp': '2026-11-24T01:02:03.000Z',
    properties: {
      property: [
        { '@name': 'alpy', '@value': '1.2.3' },
        { '@name': 'accel', '@value': 'tcg' },
      ],
    },
  };
  const forward = { '@classname': 'tests/forward/forward.test.ts', '@file': 'tests/forward/forward.test.ts' };
  const other = { '@classname': 'b.test.ts', '@file': 'b.test.ts', '@time': '1.235' };
  const files = '\n\nFiles:\n  alpy-out/tests/a/link0.pcap\n  alpy-out/tests/a/debug.log';
  expect(parse(junitXml(runReport(tests, { errors: [{ message: 'cannot load c.test.ts' }] }), 'alpy-out'))).toEqual({
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      '@name': 'alpy',
      '@tests': '6',
      '@failures': '1',
      '@errors': '2',
      '@skipped': '2',
      testsuite: [
        {
          ...environment,
          '@name': 'tests/forward/forward.test.ts',
          '@time': '1.235',
          '@tests': '2',
          '@failures': '1',
          '@errors': '0',
          '@skipped': '0',
          testcase: [
            { ...forward, '@name': 'rabbit > forwards IPv4', '@time': '1.235' },
            {
              ...forward,
              '@name': 'rabbit > forwards IPv4 (2)',
              '@time': '0',
              failure: {
                '@message': '1 is not 2 …',
                '@type': 'device',
                '#text': `1 is not 2\nand more\n  at a.test.ts:3:5\n\n- 1\n+ 2${files}`,
              },
              'system-out': '[[ATTACHMENT|alpy-out/tests/a/debug.log]]\nBoot... done (0.01 s)\n  | hello',
            },
          ],
        },
        {
          ...environment,
          '@name': 'b.test.ts',
          '@time': '3.704',
          '@tests': '3',
          '@failures': '0',
          '@errors': '1',
          '@skipped': '2',
          testcase: [
            {
              ...other,
              '@name': 'rabbit > forwards IPv4',
              error: { '@message': 'no Docker', '@type': 'environment', '#text': 'no Docker\n(ALPY_X)\n\nx' },
            },
            { ...other, '@name': 'rabbit > forwards IPv4 (2)', skipped: 'no <KVM>' },
            { ...other, '@name': 'rabbit > forwards IPv4 (3)', skipped: '' },
          ],
        },
        {
          ...environment,
          '@name': 'alpy',
          '@time': '0',
          '@tests': '1',
          '@failures': '0',
          '@errors': '1',
          '@skipped': '0',
          testcase: [
            {
              '@name': 'run',
              '@classname': 'alpy',
              '@file': 'alpy',
              '@time': '0',
              error: { '@message': 'cannot load c.test.ts', '@type': 'unknown', '#text': 'cannot load c.test.ts' },
            },
          ],
        },
      ],
    },
  });
});

test('output of a device cannot break the document', () => {
  const nasty =
    ']]> \u0000\u001b[31m<b>&amp;"\'\u001b[0m ]]> \ud800 \udfff😀 \ufffe\u0085 \u001b]0;title\u0007end\r\nnext [[ATTACHMENT|etc/passwd]]';
  const steps = [stepReport({ title: nasty, source: nasty, durationMs: 1, error: nasty, log: [nasty] })];
  const xml = junitXml(
    runReport(
      [
        testReport({
          fullName: nasty,
          file: nasty,
          status: 'failed',
          errors: [{ message: nasty, stack: nasty, diff: nasty, fault: 'device' }],
          steps,
        }),
      ],
      {
        environment: { [nasty]: nasty },
      },
    ),
    'alpy-out',
  );
  const clean = ']]> <b>&amp;"\' ]]> \ufffd \ufffd😀  end\nnext [ [ATTACHMENT|etc/passwd]]';
  expect(cases(xml).map((item) => item.failure?.['#text'])).toEqual([`${clean}\n\n${clean}`]);
  expect(cases(xml)[0]?.['system-out']).not.toContain('[[ATTACHMENT');
});

test('ten megabytes of output are shortened in the middle, and the list of files stays', () => {
  const message = `begin${'<'.repeat(10_000_000)}end`;
  const steps = [stepReport({ log: [message] })];
  const [item] = cases(
    junitXml(
      runReport([testReport({ status: 'failed', errors: [{ message, fault: 'device' }], artifacts: ['a.pcap'], steps })]),
      'out',
    ),
  );
  const shape = (text: string | undefined): string | undefined => text?.replace(/<+/g, '<');
  expect(shape(item?.failure?.['#text'])).toBe('begin<\n… 9992008 characters left out …\n<end\n\nFiles:\n  out/a.pcap');
  expect(shape(item?.['system-out'])).toBe(
    '[[ATTACHMENT|out/a.pcap]]\nBoot... not ended\n  | begin<\n… 9968030 characters left out …\n<end',
  );
});

test('the file of many failing tests stays below the 30 MB that GitLab accepts', () => {
  const message = '路'.repeat(30_000);
  const tests = Array.from({ length: 400 }, () => testReport({ status: 'failed', errors: [{ message, fault: 'device' }] }));
  expect(Buffer.byteLength(junitXml(runReport(tests), 'out'))).toBeLessThan(30_000_000);
});

test.for<[string, readonly string[], string]>([
  ['alpy-out', ['t/link0.pcap', 't/console.txt', 't/screen.png'], '[[ATTACHMENT|alpy-out/t/screen.png]]\n'],
  ['out', ['t/console-left.txt', 't/screen-left.png', 't/screen-right.png'], '[[ATTACHMENT|out/t/screen-left.png]]\n'],
  ['.', ['t/a[1].pcap', 't/a|b', 't/c.pcap'], '[[ATTACHMENT|t/c.pcap]]\n'],
  ['../elsewhere', ['t/c.pcap'], ''],
  ['/tmp/out', ['t/c.pcap'], ''],
  ['alpy-out', [], ''],
])('with the output directory %s and the files %j, the attachment is %j', ([outPath, artifacts, mark]) => {
  const steps = [stepReport({ durationMs: 10 })];
  const [item] = cases(
    junitXml(
      runReport([testReport({ status: 'failed', errors: [{ message: 'm', fault: 'device' }], artifacts, steps })]),
      outPath,
    ),
  );
  expect(item?.['system-out']).toBe(`${mark}Boot... done (0.01 s)`);
});

test('files are named relative to the project, so that GitLab links them, wherever the run was started', () => {
  const tests = [testReport({ file: 'tests/a.test.ts' }), testReport({ file: '../shared/b.test.ts' })];
  const xml = junitXml(runReport(tests, { projectPath: 'packages/router' }), 'packages/router/alpy-out');
  expect([...xml.matchAll(/ file="([^"]*)"/g)].map(([, file]) => file)).toEqual([
    'packages/router/tests/a.test.ts',
    'packages/shared/b.test.ts',
  ]);
  expect([...xml.matchAll(/ classname="([^"]*)"/g)].map(([, name]) => name)).toEqual(['tests/a.test.ts', '../shared/b.test.ts']);
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { annotationsJson } from '../../../src/report/annotations.ts';
import { runReport, testReport } from './build.ts';

test('annotations link to the report and to every capture and console log, those of failed tests first', () => {
  const passed = testReport({
    fullName: 'a\u001b[31m',
    artifacts: ['tests/a/console.log', 'tests/a/console.txt', 'tests/a/debug.log', 'tests/a/link0.pcap'],
  });
  const failed = testReport({ fullName: 'b', status: 'failed', artifacts: ['tests/b #1/link0.pcap'] });
  const twice = testReport({ fullName: 'b', status: 'failed', artifacts: ['tests/b-2/link0.pcap'] });
  const job = { jobUrl: 'https://gitlab.example/g/p/-/jobs/7', outPath: 'alpy-out' };
  const files = 'https://gitlab.example/g/p/-/jobs/7/artifacts/file/alpy-out';
  expect(JSON.parse(annotationsJson(runReport([passed, failed, twice]), job))).toEqual({
    alpy: [{ external_link: { label: 'Report', url: `${files}/report/index.html` } }],
    Captures: [
      { external_link: { label: 'b (failed): link0.pcap', url: `${files}/tests/b%20%231/link0.pcap` } },
      { external_link: { label: 'b (failed): link0.pcap (2)', url: `${files}/tests/b-2/link0.pcap` } },
      { external_link: { label: 'a\\e[31m (passed): link0.pcap', url: `${files}/tests/a/link0.pcap` } },
    ],
    'Console logs': [
      { external_link: { label: 'a\\e[31m (passed): console.log', url: `${files}/tests/a/console.log` } },
      { external_link: { label: 'a\\e[31m (passed): console.txt', url: `${files}/tests/a/console.txt` } },
    ],
  });
});

const job = { jobUrl: 'https://gitlab.example/g/p/-/jobs/7', outPath: './a b/out' };

test('a run without files links to the report only, and its URL is encoded', () => {
  const url = 'https://gitlab.example/g/p/-/jobs/7/artifacts/file/a%20b/out/report/index.html';
  expect(annotationsJson(runReport([]), job)).toBe(`{"alpy":[{"external_link":{"label":"Report","url":"${url}"}}]}\n`);
});

test('file names with special characters are escaped in labels and encoded in URLs', () => {
  const text = annotationsJson(runReport([testReport({ artifacts: ['t/?&"\n\ud800.pcap', 't/xconsole.txt'] })]), job);
  expect(JSON.parse(text)).toMatchObject({
    Captures: [
      {
        external_link: {
          label: 'rabbit > forwards IPv4 (passed): ?&"\\n\ufffd.pcap',
          url: 'https://gitlab.example/g/p/-/jobs/7/artifacts/file/a%20b/out/t/%3F%26%22%0A%EF%BF%BD.pcap',
        },
      },
    ],
  });
});

test('annotations stay below the size that GitLab accepts, count the links that were left out, and keep those of failed tests', () => {
  const many = Array.from({ length: 2000 }, (_, index) => `tests/ä${index}/link0.pcap`);
  const tests = [testReport({ artifacts: many }), testReport({ status: 'error', artifacts: ['tests/bad/link0.pcap'] })];
  const text = annotationsJson(runReport(tests), job);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(80_000);
  expect(Buffer.byteLength(text)).toBeGreaterThan(79_500);
  const { alpy, Captures } = JSON.parse(text) as Record<string, { external_link: { label: string; url: string } }[]>;
  expect(alpy![1]!.external_link.label).toBe(`Report, also for ${2001 - Captures!.length} more files`);
  expect(Captures![0]!.external_link.url).toContain('/bad/link0.pcap');
});

test('the console logs of several devices are linked, too', () => {
  const artifacts = ['tests/a/console-left.log', 'tests/a/console-right.txt'];
  const text = annotationsJson(runReport([testReport({ artifacts })]), job);
  for (const name of ['console-left.log', 'console-right.txt']) expect(text).toContain(`/tests/a/${name}"`);
});

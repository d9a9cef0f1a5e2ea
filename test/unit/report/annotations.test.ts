// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { annotationsJson } from '../../../src/report/annotations.ts';
import { runReport, testReport } from './build.ts';

test('a direct link to the report and to every capture and console log, failed tests first', () => {
  const passed = testReport({
    fullName: 'a\u001b[31m',
    artifacts: ['tests/a/console.log', 'tests/a/debug.log', 'tests/a/link0.pcap'],
  });
  const failed = testReport({ fullName: 'b', status: 'failed', artifacts: ['tests/b #1/link0.pcap'] });
  const twice = testReport({ fullName: 'b', status: 'failed', artifacts: ['tests/b-2/link0.pcap'] });
  const place = { jobUrl: 'https://gitlab.example/g/p/-/jobs/7', outPath: 'alpy-out' };
  const files = 'https://gitlab.example/g/p/-/jobs/7/artifacts/file/alpy-out';
  expect(JSON.parse(annotationsJson(runReport([passed, failed, twice]), place))).toEqual({
    alpy: [{ external_link: { label: 'Report', url: `${files}/report/index.html` } }],
    'Captures and console logs': [
      { external_link: { label: 'b (failed): link0.pcap', url: `${files}/tests/b%20%231/link0.pcap` } },
      { external_link: { label: 'b (failed): link0.pcap (2)', url: `${files}/tests/b-2/link0.pcap` } },
      { external_link: { label: 'a\\e[31m (passed): console.log', url: `${files}/tests/a/console.log` } },
      { external_link: { label: 'a\\e[31m (passed): link0.pcap', url: `${files}/tests/a/link0.pcap` } },
    ],
  });
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { XMLParser } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import type { StepReport } from '../../../src/report/model.ts';
import { htmlReport } from '../../../src/report/html.ts';
import { runReport, stepReport, testReport } from './build.ts';

const step = (title: string, changes: Partial<StepReport> = {}): StepReport => stepReport({ title, durationMs: 500, ...changes });

/** The elements that are not closed. Fails if they are closed in the wrong order. */
function unclosedElements(page: string): readonly string[] {
  const open: string[] = [];
  const empty = new Set(['meta', 'img', '!doctype']);
  for (const [, slash, name = ''] of page.replace(/<style>.*?<\/style>/s, '').matchAll(/<(\/?)([!a-z][a-z0-9]*)[^>]*>/gi)) {
    if (empty.has(name.toLowerCase())) continue;
    if (slash === '') open.push(name);
    else expect(open.pop()).toBe(name);
  }
  return open;
}

test('every element is closed, whatever names and output contain', () => {
  const evil = `<script>alert("1")</script> & 'é' ]]> <b`;
  const errors = [{ message: evil, diff: evil, fault: 'device', code: 'ALPY_X' }] as const;
  const steps = [step(evil, { error: evil, log: [evil], children: [step(evil)] })];
  const tests = [
    testReport({ status: 'failed', fullName: evil, file: evil, errors, steps, artifacts: ['tests/a/<b> "#?.pcap'] }),
  ];
  const page = htmlReport(runReport(tests, { environment: { docker: evil } }));
  expect(unclosedElements(page)).toEqual([]);
  expect(page).not.toMatch(/<script|<b\b/);
  expect(page).toContain('href="../tests/a/%3Cb%3E%20%22%23%3F.pcap"');
  expect(
    page.match(/&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt; &amp; &#39;é&#39; \]\]&gt; &lt;b/g)?.length,
  ).toBeGreaterThan(6);
});

test('the page refers only to files of the output directory', () => {
  const page = htmlReport(runReport([testReport({ artifacts: ['tests/a/screen.png', 'tests/a/link0.pcap'] })]));
  const targets = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, target]) => target);
  expect(targets).toEqual([
    '../junit.xml',
    '../run.json',
    '../tests/a/screen.png',
    '../tests/a/screen.png',
    '../tests/a/link0.pcap',
  ]);
  expect(page).toContain('<style>\n          \n:root'); // the style is not escaped
  expect(page).toContain('.test > summary');
});

test('failed tests come first and are open, and errors say whose fault they are', () => {
  const failed = testReport({ fullName: 'no route', status: 'failed', errors: [{ message: 'm', fault: 'device' }] });
  const broken = testReport({
    fullName: 'no image',
    status: 'error',
    errors: [{ message: 'm', fault: 'environment', code: 'ALPY_X' }],
  });
  const skipped = testReport({ fullName: 'needs KVM', status: 'skipped', skipReason: 'there is none' });
  const page = htmlReport(runReport([testReport({ fullName: 'fine' }), skipped, broken, failed]));
  const names = [...page.matchAll(/class="name">([^<]*)</g)].map(([, name]) => name?.trim());
  expect(names).toEqual(['no route', 'no image', 'fine', 'needs KVM']);
  expect(page.match(/<details class="test \w+"\s+open/g)).toHaveLength(2);
  expect(page).toContain('Not all tests passed');
  expect(page).toContain('1 passed, 1 failed, 1 broken, 1 skipped');
  expect(page).toContain('the device&#39;s fault');
  expect(page).toContain('the environment: machine, Docker, images · ALPY_X');
  expect(page).toContain('there is none');
});

test('the title says whether all tests passed, and errors outside any test are shown', () => {
  expect(htmlReport(runReport([testReport()]))).toContain('<title>All tests passed · alpy</title>');
  const page = htmlReport(runReport([], { errors: [{ message: 'cannot load a.test.ts', fault: 'usage' }] }));
  expect(page).toContain('Outside any test');
  expect(page).toContain('0 passed, 1 broken');
});

test('steps show their share of the time, their failure and their log', () => {
  const steps = [
    step('Boot', { error: 'too late', log: Array.from({ length: 100 }, (_, n) => `line ${n}`) }),
    step('Wait', { durationMs: 250 }),
  ];
  const page = htmlReport(runReport([testReport({ durationMs: 1000, steps })]));
  expect(page).toContain('style="--part: 50"');
  expect(page).toContain('style="--part: 25"');
  expect(page).toContain('Boot — failed');
  expect(page).toContain('100 lines');
  expect(page).toContain('line 39\n… 60 more lines in the debug log');
});

test('the report of hundreds of tests with huge output stays below 10 MB', () => {
  const errors = [{ message: 'x'.repeat(1_000_000), fault: 'device' }] as const;
  const log = Array.from({ length: 1000 }, () => 'y'.repeat(10_000));
  const many = Array.from({ length: 300 }, (_, n) =>
    testReport({ id: String(n), status: 'failed', errors, steps: [step('s', { log })] }),
  );
  expect(htmlReport(runReport(many)).length).toBeLessThan(10_000_000);
});

test('the page is well-formed XML except for its first line and empty elements', () => {
  const page = htmlReport(runReport([testReport({ steps: [step('Boot')] })]));
  const xml = page.replace(/<!doctype html>/i, '').replace(/<(meta[^>]*?)\s*\/?>/g, '<$1/>');
  const parsed = new XMLParser({ ignoreAttributes: false }).parse(xml) as { html: { '@_lang': string; body: { main: object } } };
  expect(parsed.html['@_lang']).toBe('en');
  expect(Object.keys(parsed.html.body.main)).toEqual(['section']);
});

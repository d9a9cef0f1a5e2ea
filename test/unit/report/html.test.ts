// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { ErrorReport, StepReport } from '../../../src/report/model.ts';
import { htmlReport } from '../../../src/report/html.ts';
import { runReport, stepReport, testReport } from './build.ts';

const step = (title: string, changes: Partial<StepReport> = {}): StepReport => stepReport({ title, durationMs: 500, ...changes });

/** The elements that are not closed. Fails if they are closed in the wrong order. */
function unclosedElements(page: string): readonly string[] {
  const open: string[] = [];
  const empty = new Set(['meta', 'img', 'input', '!doctype']);
  for (const [, slash, name = ''] of page
    .replace(/<(style|script)>.*?<\/\1>/gs, '')
    .matchAll(/<(\/?)([!a-z][a-z0-9]*)[^>]*>/gi)) {
    if (empty.has(name.toLowerCase())) continue;
    if (slash === '') open.push(name);
    else expect(open.pop()).toBe(name);
  }
  return open;
}

test('every element is closed, whatever names and output contain', () => {
  const evil = `<script>alert("1")</script> & 'é' ]]> <b`;
  const errors = [{ message: evil, diff: evil, codeFrame: evil, stack: evil, fault: 'device', code: 'ALPY_X' }] as const;
  const steps = [step(evil, { log: [evil], children: [step(evil)] })];
  const tests = [
    testReport({ status: 'failed', fullName: evil, file: evil, errors, steps, artifacts: ['tests/a/<b> "#?.pcap'] }),
  ];
  const page = htmlReport(runReport(tests, { environment: { docker: evil } }));
  expect(unclosedElements(page)).toEqual([]);
  expect(page.match(/<script/g)).toHaveLength(1); // the page's own
  expect(page).not.toMatch(/<b>/);
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
  expect(page).toContain('.test > summary'); // the style is not escaped
});

test('the titles of files name the link or the device', () => {
  const files = ['console-left.txt', 'screen-right.png', 'client--left.0.pcap', 'link1.pcap', 'notes.txt'];
  const page = htmlReport(runReport([testReport({ artifacts: files.map((file) => `tests/a/${file}`) })]));
  for (const title of ['left: console, to read', 'capture of client--left.0 (pcap)', 'capture of link 1 (pcap)', 'notes.txt'])
    expect(page).toContain(`>${title}</a>`);
  expect(page).toContain('<figcaption>right: screen at the end</figcaption>');
});

test('failed tests come first across files, then flaky ones, then the others by file', () => {
  const failed = testReport({
    fullName: 'no route',
    file: 'b.test.ts',
    status: 'failed',
    errors: [{ message: 'm', fault: 'device' }],
  });
  const broken = testReport({
    fullName: 'no image',
    status: 'error',
    errors: [{ message: 'm', fault: 'environment', code: 'ALPY_X' }],
  });
  const flaky = testReport({ fullName: 'lucky', file: 'c.test.ts', status: 'flaky', attempts: 2, errors: [{ message: 'late' }] });
  const skipped = testReport({ fullName: 'needs KVM', status: 'skipped', skipReason: 'there is none' });
  const page = htmlReport(runReport([testReport({ fullName: 'fine' }), flaky, skipped, broken, failed]));
  const names = [...page.matchAll(/class="name">([^<]*)</g)].map(([, name]) => name?.trim());
  expect(names).toEqual(['no route', 'no image', 'lucky', 'fine', 'needs KVM']);
  expect(page.match(/<details class="test \w+"[^>]*\sopen>/g)).toHaveLength(2);
  expect(page).toContain('<h1 class="not-all">2 of 5 tests failed</h1>');
  expect(page).toContain('1 passed, 1 failed, 1 error, 1 flaky, 1 skipped');
  expect(page).toContain('the device&#39;s fault');
  expect(page).toContain('the environment: machine, Docker, images · ALPY_X');
  expect(page).toContain('there is none');
  expect(page).toContain('Passed at attempt 2');
});

test('the index has each cause once, with the place in each of its tests, and ignores consequences', () => {
  const cause = (line: number): ErrorReport => ({ message: 'no answer', place: { file: 'a.test.ts', line, column: 3 } });
  const consequence: ErrorReport = { message: 'gone', isConsequence: true };
  const errors = [[consequence, cause(12)], [cause(15)], [{ message: 'no Docker' }]];
  const page = htmlReport(runReport(errors.map((list) => testReport({ status: 'failed', errors: list }))));
  const index = /<nav.*<\/nav>/s.exec(page)?.[0] ?? '';
  expect([...index.matchAll(/class="cause">([^<]*)</g)].map(([, text]) => text)).toEqual(['no answer', 'no Docker']);
  expect([...index.matchAll(/href="#(t\d)"/g)].map(([, id]) => id)).toEqual(['t0', 't1', 't2']);
  expect([...index.matchAll(/class="file">([^<]*)</g)].map(([, place]) => place)).toEqual(['a.test.ts:12:3', 'a.test.ts:15:3']);
  expect(htmlReport(runReport([testReport()]))).not.toContain('<nav');
});

test('an error shows its place, code frame with the marked line, difference, details, stack and consequences', () => {
  const error: ErrorReport = {
    name: 'TypeError',
    message: 'x is undefined',
    place: { file: 'a.test.ts', line: 2, column: 3 },
    codeFrame: '  1 | a();\n> 2 |   x.y();\n    |   ^',
    diff: '- 1\n+ 2',
    stack: 'at a.test.ts:2:3',
    details: [{ title: 'Last lines of the console', lines: ['login:', '<root>'] }],
  };
  const errors: readonly ErrorReport[] = [error, { message: 'gone', isConsequence: true }];
  const page = htmlReport(runReport([testReport({ status: 'failed', errors })]));
  expect(page).toContain('<pre class="message">TypeError: x is undefined</pre>');
  expect(page).toContain('<span class="place">a.test.ts:2:3</span>');
  expect(page).toContain('<mark>&gt; 2 |   x.y();</mark>');
  expect(page).toContain('<span class="minus">- 1</span>\n<span class="plus">+ 2</span>');
  expect(page).toContain('<h3>Last lines of the console</h3>\n<pre>login:\n&lt;root&gt;</pre>');
  expect(page).toContain('<pre>at a.test.ts:2:3</pre>');
  expect(page).toContain('Consequences (1)');
});

test('an app that had ended before a missed deadline is not folded', () => {
  const ended: ErrorReport = { message: 'the app ended', code: 'ALPY_APP_ENDED', isConsequence: true };
  const page = (error: ErrorReport): string => htmlReport(runReport([testReport({ status: 'failed', errors: [error, ended] })]));
  expect(page({ message: 'too late', hasMissedDeadline: true })).not.toContain('Consequences (');
  expect(page({ message: 'wrong value' })).toContain('Consequences (1)');
});

test('an error without a difference shows the expected and the received value', () => {
  const page = htmlReport(runReport([testReport({ status: 'failed', errors: [{ message: 'm', expected: '1', actual: '2' }] })]));
  expect(page).toMatch(/<dt>Expected<\/dt>\s*<dd><code>1<\/code><\/dd>\s*<dt>Received<\/dt>\s*<dd><code>2<\/code>/);
});

test('the title says whether all tests passed, and errors outside any test are shown', () => {
  expect(htmlReport(runReport([testReport()]))).toContain('<title>All tests passed · alpy</title>');
  expect(htmlReport(runReport([testReport({ status: 'flaky' })]))).toContain('<title>One test was flaky · alpy</title>');
  const page = htmlReport(runReport([], { errors: [{ message: 'cannot load a.test.ts', fault: 'usage' }] }));
  expect(page).toContain('Outside any test');
  expect(page).toContain('0 passed, 1 error');
});

test('steps show how long they took, their failure and their log', () => {
  const steps = [
    step('Boot', { error: 'too late', log: Array.from({ length: 100 }, (_, n) => `line ${n}`), children: [step('Start QEMU')] }),
    step('Wait', { durationMs: 1250 }),
  ];
  const page = htmlReport(runReport([testReport({ durationMs: 2000, steps })]));
  expect(page).toContain('Steps (3)');
  expect(page).toContain('<b class="bad">   0.50 s  Boot: failed</b>\n           | line 0\n');
  expect(page).toContain('| line 39\n           | … 60 more lines in the debug log\n   0.50 s    Start QEMU\n   1.25 s  Wait\n');
});

test('the report of hundreds of tests with huge output stays below 10 MB', () => {
  const errors = [{ message: 'x'.repeat(1_000_000), fault: 'device' }] as const;
  const log = Array.from({ length: 1000 }, () => 'y'.repeat(10_000));
  const many = Array.from({ length: 300 }, (_, n) =>
    testReport({ id: String(n), status: 'failed', errors, steps: [step('s', { log })] }),
  );
  expect(htmlReport(runReport(many)).length).toBeLessThan(10_000_000);
});

test('files in a folder of a test are named with the folder', () => {
  const artifacts = ['tests/a/console.txt', 'tests/a/snapshot/console.txt'];
  const page = htmlReport(runReport([testReport({ artifacts })]));
  expect([...page.matchAll(/<li><a[^>]*>([^<]*)</g)].map(([, title]) => title)).toEqual([
    'console, to read',
    'console, to read (snapshot)',
  ]);
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { jobContext, noteText, publishResults, tokenOf, uploadPackageFile } from '../../../src/gitlab/index.ts';
import { caseKey } from '../../../src/gitlab/known-failures.ts';
import type { TestReport } from '../../../src/report/index.ts';
import { runReport, testReport } from '../report/build.ts';
import { FakeGitLab, jobToken, projectToken, status } from './fake-gitlab.ts';

const limits = { requestMs: 30_000, totalMs: 60_000, waitsMs: [1, 1], retryAfterMs: 10 };
const jobUrl = 'https://gitlab.example/g/p/-/jobs/7';
const tests = [
  testReport({ fullName: 'boots', artifacts: ['tests/boots/link0.pcap', 'tests/boots/debug.log'] }),
  testReport({
    fullName: 'forwards | <b>IPv4</b> [x](http://evil.example)\n# h',
    status: 'failed',
    durationMs: 5000,
    errors: [{ message: '</pre></details> @all `x`\n\n# not a heading' }],
  }),
];
const job = { report: runReport(tests, { exitStatus: 1 }), jobUrl, outPath: 'alpy-out' };

test('the note has a verdict, failures, a table with failed tests first, links, and no markup from a guest', () => {
  const text = noteText('alpy-test', [job]);
  const lines = text.split('\n');
  expect(lines[0]).toBe('<!-- alpy:alpy-test -->');
  expect(lines[2]).toBe(`**1 passed, 1 failed** · [report](${jobUrl}/artifacts/file/alpy-out/report/index.html)`);
  const rows = lines.filter((line) => line.startsWith('| '));
  expect(rows.slice(1)).toEqual([
    '| ❌ failed | forwards &#124; &#60;b&#62;IPv4&#60;/b&#62; &#91;x&#93;(http&#58;//evil.example) &#35; h | 5.00 s |  |',
    `| ✅ passed | boots | 1.23 s | [link0.pcap](${jobUrl}/artifacts/file/alpy-out/tests/boots/link0.pcap) |`,
  ]);
  expect(text).toContain(
    '<pre>&#60;/pre&#62;&#60;/details&#62; &#64;all &#96;x&#96;&#10;&#10;&#35; not a heading</pre></details>',
  );
  expect(text).toContain('Slowest: forwards');
});

/** The bold lines of a note below its verdict, and the first line of each folded block. */
function outline(text: string): readonly string[] {
  return [...text.matchAll(/^\*\*([^*]+)\*\*$|<summary>(.*?)<\/summary>/gm)].map(([, bold, summary]) => bold ?? summary ?? '');
}

test('the note shows cause and place of each failure, new ones before known ones, and flaky tests', () => {
  const failure = (fullName: string, message: string, line: number): TestReport =>
    testReport({ fullName, status: 'failed', errors: [{ message, place: { file: 'tests/a.test.ts', line, column: 1 } }] });
  const late = testReport({ fullName: 'late', status: 'flaky', errors: [{ message: 'too slow' }] });
  const broken = [failure('nat', 'no answer', 3), failure('nat', 'no reply', 4), failure('dhcp', 'no lease', 5), late];
  const report = runReport(broken, { errors: [{ message: 'cannot load b.test.ts' }] });
  const known = caseKey({ className: 'tests/forward/forward.test.ts', name: 'nat (2)' });
  const comparison = { failed: new Set([known]), branch: 'main', pipelineId: 40 };
  const text = noteText('n', [{ ...job, report }], { comparison, pipelineUrl: 'https://gitlab.example/g/p/-/pipelines/50' });
  expect(outline(text)).toEqual([
    'New failures (2)',
    '❌ nat<br>no answer (tests/a.test.ts&#58;3)',
    '❌ dhcp<br>no lease (tests/a.test.ts&#58;5)',
    'Known failures (1)',
    '❌ nat<br>no reply (tests/a.test.ts&#58;4)',
    'Errors outside any test (1)',
    '💥<br>cannot load b.test.ts',
    'Flaky tests (1)',
    '⚠️ late<br>too slow',
  ]);
  expect(text).toContain('[pipeline 40](https://gitlab.example/g/p/-/pipelines/40) of main');
  expect(text).toContain('**0 passed, 4 failed, 1 flaky**');
});

test('without a comparison the note says why it cannot separate new failures from known ones', () => {
  const text = noteText('n', [job], { comparison: { unknown: 'there is no pipeline' } });
  expect(outline(text)[0]).toBe('Failures (1)');
  expect(text).toContain('from known ones: there is no pipeline');
  expect(noteText('n', [{ ...job, report: runReport([testReport()]) }])).not.toContain('told apart');
});

test('a long note is cut to what GitLab accepts', () => {
  const many = Array.from({ length: 5000 }, (_, index) =>
    testReport({ fullName: `test ${index}`, status: 'failed', errors: [{ message: 'x'.repeat(100_000) }] }),
  );
  const text = noteText('n', [{ ...job, report: runReport(many) }]);
  expect(text.length).toBeLessThanOrEqual(500_000);
  expect(text).toContain('… and 4800 more in the report.');
});

test('shards share one note with a link to each report', () => {
  const shards = [1, 2].map((index) => ({
    ...job,
    outPath: `alpy-out/shard-${index}`,
    report: runReport(tests, { shard: { index, total: 2, plan: 'abc' } }),
  }));
  expect(noteText('n', shards)).toContain(
    `**2 passed, 2 failed** · [report 1/2](${jobUrl}/artifacts/file/alpy-out/shard-1/report/index.html) · [report 2/2](`,
  );
});

test('posts a note, replaces it the next time, and sets the commit status', async () => {
  await using gitlab = await FakeGitLab.start();
  const lines: string[] = [];
  const publish = (): ReturnType<typeof publishResults> =>
    publishResults({
      name: 'alpy-test',
      jobs: [job],
      context: gitlab.context(),
      token: projectToken,
      limits,
      onLine: (line) => lines.push(line),
    });
  expect(await publish()).toEqual({ note: 'created', status: 'set' });
  expect(await publish()).toEqual({ note: 'updated', status: 'set' });
  const comparison = { unknown: 'no finished pipeline of main has a test report' };
  const options = { comparison, pipelineUrl: gitlab.context().pipelineUrl };
  expect(gitlab.notes).toEqual([{ id: 1, body: noteText('alpy-test', [job], options) }]);
  expect(gitlab.statuses[0]).toMatchObject({ state: 'failed', name: 'alpy/alpy-test', description: '1 passed, 1 failed' });
  expect(lines).toEqual([
    'note on merge request !3 created',
    'commit status alpy/alpy-test set',
    'note on merge request !3 updated',
    'commit status alpy/alpy-test set',
  ]);
});

test('failures are compared with the newest finished pipeline of the target branch that has a test report', async () => {
  await using gitlab = await FakeGitLab.start();
  const pipeline = { ref: 'main', status: 'failed', updated_at: '2026-11-19T12:00:00Z' };
  gitlab.pipelines = [
    { ...pipeline, id: 41, updated_at: '2026-11-19T13:00:00Z' },
    { ...pipeline, id: 40 },
    { ...pipeline, id: 39, ref: 'feature' },
  ];
  const [className, name] = [tests[1]!.file, 'forwards | <b>IPv4</b> [x](http://evil.example) # h'];
  const cases = [
    { classname: className, name, status: 'error', execution_time: 1 },
    { classname: className, name: 'boots', status: 'success', execution_time: 1 },
  ];
  gitlab.reports[40] = { test_suites: [{ test_cases: cases }] };
  const options = { name: 'n', jobs: [job], token: projectToken, limits, onLine: (): undefined => undefined };
  expect(await publishResults({ ...options, context: gitlab.context() })).toEqual({ note: 'created', status: 'set' });
  expect(outline(gitlab.notes[0]!.body)[0]).toBe('Known failures (1)');
});

test('if GitLab refuses to tell which tests failed before, the note is still posted and says so', async () => {
  await using gitlab = await FakeGitLab.start();
  gitlab.faults.push((response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[]'), status(403));
  const options = { name: 'n', jobs: [job], token: projectToken, limits, onLine: (): undefined => undefined };
  expect(await publishResults({ ...options, context: gitlab.context() })).toEqual({ note: 'created', status: 'set' });
  expect(gitlab.notes[0]!.body).toContain('could not list the pipelines of main');
});

test.each([
  ['a job token', jobToken, 'a job token may not post notes'],
  ['no token', undefined, 'there is no token'],
])('with %s it prints one line for each thing that it skips, and sends no request', async (_, token, text) => {
  await using gitlab = await FakeGitLab.start();
  const lines: string[] = [];
  const outcome = await publishResults({
    name: 'n',
    jobs: [job],
    context: gitlab.context(),
    token,
    onLine: (line) => lines.push(line),
  });
  expect(outcome).toEqual({ note: 'skipped', status: 'skipped' });
  expect(lines).toEqual([expect.stringContaining(text), expect.stringMatching(/^no commit status: /)]);
  expect(gitlab.received).toEqual([]);
});

test('a refused note is reported, and the status is still set', async () => {
  await using gitlab = await FakeGitLab.start();
  gitlab.faults.push(status(403));
  const lines: string[] = [];
  const options = { name: 'n', jobs: [job], context: gitlab.context(), token: projectToken, limits };
  const outcome = await publishResults({ ...options, onLine: (line) => lines.push(line) });
  expect(outcome).toEqual({ note: 'failed', status: 'set' });
  expect(lines[0]).toContain('could not read the notes of merge request !3: GitLab answered 403');
});

test('a package is uploaded unchanged, once', async () => {
  await using gitlab = await FakeGitLab.start();
  const directory = await mkdtemp(join(tmpdir(), 'alpy-package-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const content = Buffer.alloc(3_000_000, 'appliance');
  const path = join(directory, 'rabbit.qcow2');
  await writeFile(path, content);
  const target = { context: gitlab.context(), token: jobToken, name: 'appliance', version: '1.0.0-abc' };
  expect(await uploadPackageFile(target, path)).toBe(
    `${gitlab.apiUrl}/projects/1/packages/generic/appliance/1.0.0-abc/rabbit.qcow2`,
  );
  const [request] = gitlab.received;
  expect(request?.method).toBe('PUT');
  expect(request?.headers).toMatchObject({ 'content-length': '3000000', 'job-token': jobToken.value });
  expect(request?.headers['content-type']).toBe('application/octet-stream');
  expect(request?.body.equals(content)).toBe(true);
  gitlab.faults.push(status(413));
  await expect(uploadPackageFile(target, path)).rejects.toMatchObject({ code: 'ALPY_GITLAB', kind: 'refused' });
  await expect(uploadPackageFile({ ...target, name: '../x' }, path)).rejects.toThrow(
    '"../x" cannot be part of a package\'s address: expected letters, digits, dots, hyphens, _ and +',
  );
  await expect(uploadPackageFile(target, join(directory, 'none'))).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
});

test('jobContext and tokenOf read the variables of a job', () => {
  const env = {
    CI_API_V4_URL: 'https://g.example/api/v4/',
    CI_PROJECT_ID: '1',
    CI_JOB_ID: '7',
    CI_MERGE_REQUEST_IID: '',
  };
  expect(jobContext(env)).toMatchObject({
    apiUrl: 'https://g.example/api/v4',
    projectId: 1,
    jobId: 7,
  });
  expect(jobContext(env)?.mergeRequestIid).toBeUndefined();
  expect(jobContext({ ...env, CI_JOB_ID: '' })).toBeUndefined();
  expect(tokenOf({ CI_JOB_TOKEN: 'j', ALPY_GITLAB_TOKEN: 'p' })).toEqual({ kind: 'private', value: 'p' });
  expect(tokenOf({ CI_JOB_TOKEN: 'j', ALPY_GITLAB_TOKEN: ' ' })).toEqual({ kind: 'job', value: 'j' });
  expect(tokenOf({})).toBeUndefined();
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { GitLabApi, GitLabError, type Token } from '../../../src/gitlab/index.ts';
import { FakeGitLab, hang, jobToken, projectToken, status, truncate } from './fake-gitlab.ts';

// long, except in the tests of timeouts
const limits = { requestMs: 30_000, totalMs: 60_000, waitsMs: [1, 1], retryAfterMs: 10 };

function api(gitlab: FakeGitLab, token: Token = projectToken, difference = {}): GitLabApi {
  return new GitLabApi(gitlab.context(), token, { ...limits, ...difference });
}

async function errorOf(promise: Promise<unknown>): Promise<GitLabError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GitLabError);
  expect((error as Error).message).not.toMatch(/glpat-|job-token-/);
  return error as GitLabError;
}

test('findNote searches all pages, and ignores a note that only quotes the marker', async () => {
  await using gitlab = await FakeGitLab.start();
  gitlab.notes = Array.from({ length: 230 }, (_, index) => ({ id: index + 1, body: `> <!-- alpy:x --> ${index}` }));
  gitlab.notes.push({ id: 500, body: '<!-- alpy:x -->\nmine' });
  expect(await api(gitlab).findNote(3, '<!-- alpy:x -->')).toEqual({ id: 500, body: '<!-- alpy:x -->\nmine' });
  expect(gitlab.received).toHaveLength(3);
});

test('a job token may read notes; the errors for other requests name the token to use', async () => {
  await using gitlab = await FakeGitLab.start();
  const asJob = api(gitlab, jobToken);
  expect(await asJob.findNote(3, 'x')).toBeUndefined();
  expect((await errorOf(asJob.createNote(3, 'hello'))).message).toBe(
    'could not post a note on merge request !3: GitLab answered 403 (403 said the server); ' +
      'a job token may not post notes: set ALPY_GITLAB_TOKEN to a project access token with scope api',
  );
  expect((await errorOf(asJob.setStatus({ state: 'success', name: 'alpy/x' }))).kind).toBe('forbidden');
  expect((await errorOf(asJob.testReport(1))).kind).toBe('forbidden');
  expect(gitlab.received.map(({ headers }) => headers['job-token'])).toEqual(gitlab.received.map(() => jobToken.value));
});

test('a revoked token is forbidden', async () => {
  await using gitlab = await FakeGitLab.start();
  const error = await errorOf(api(gitlab, { kind: 'private', value: 'glpat-revoked' }).findNote(3, 'x'));
  expect([error.kind, error.message]).toEqual([
    'forbidden',
    expect.stringContaining('the token in ALPY_GITLAB_TOKEN is wrong, expired or revoked: create a new one'),
  ]);
});

test.each([
  [404, 'not-found', 1, 'it does not exist, or this token may not see it'],
  [422, 'refused', 1, 'GitLab rejected the request'],
  [302, 'refused', 1, 'the API redirects, but alpy sends tokens only to CI_API_V4_URL'],
  [429, 'rate-limited', 3, 'try again later'],
  [502, 'unavailable', 3, 'overloaded or being upgraded'],
  [503, 'unavailable', 3, 'overloaded or being upgraded'],
] as const)('status %i is the error %s, after %i attempts', async (code, kind, attempts, advice) => {
  await using gitlab = await FakeGitLab.start();
  gitlab.faults.push(...Array.from({ length: 5 }, () => status(code)));
  const error = await errorOf(api(gitlab).findNote(3, 'x'));
  expect([error.kind, gitlab.received.length]).toEqual([kind, attempts]);
  expect(error.message).toContain(advice);
});

test('a request is retried after a passing failure', async () => {
  await using gitlab = await FakeGitLab.start();
  gitlab.faults.push(status(502, '<html>Bad gateway</html>'), truncate);
  gitlab.notes = [{ id: 1, body: 'x' }];
  expect(await api(gitlab).findNote(3, 'x')).toEqual({ id: 1, body: 'x' });
});

test('posting a note is not retried if GitLab may have posted it', async () => {
  await using gitlab = await FakeGitLab.start();
  gitlab.faults.push(status(502));
  await errorOf(api(gitlab).createNote(3, 'once'));
  expect(gitlab.received).toHaveLength(1);
  gitlab.faults.push(status(429));
  await api(gitlab).createNote(3, 'once');
  expect(gitlab.notes.map(({ body }) => body)).toEqual(['once']);
});

test('gives up if GitLab asks for a long wait', async () => {
  await using gitlab = await FakeGitLab.start();
  gitlab.faults.push(status(429, '{}', { 'retry-after': '3600' }));
  const error = await errorOf(api(gitlab).findNote(3, 'x'));
  expect([error.kind, gitlab.received.length]).toEqual(['rate-limited', 1]);
  expect(error.message).toContain('try again in 3600 s');
});

test('a missing answer is a timeout', async () => {
  await using gitlab = await FakeGitLab.start();
  gitlab.faults.push(hang);
  const error = await errorOf(api(gitlab, projectToken, { requestMs: 100 }).findNote(3, 'x'));
  expect([error.kind, error.message]).toEqual(['timeout', expect.stringContaining('no complete answer within 0.1 s')]);
});

test('all attempts together have a deadline', async () => {
  await using gitlab = await FakeGitLab.start();
  gitlab.faults.push(status(503), status(503), status(503));
  const error = await errorOf(api(gitlab, projectToken, { waitsMs: [60_000], totalMs: 1000 }).findNote(3, 'x'));
  expect([error.kind, gitlab.received.length]).toEqual(['timeout', 1]);
});

test.each([
  ['cut short', truncate, 3],
  ['no JSON', status(200, '<html>Log in</html>'), 1],
  ['of another shape', status(200, '{"hello": 1}'), 1],
] as const)('an answer that is %s is malformed', async (_, fault, attempts) => {
  await using gitlab = await FakeGitLab.start();
  gitlab.faults.push(fault, fault, fault);
  const error = await errorOf(api(gitlab).findNote(3, 'x'));
  expect([error.kind, gitlab.received.length]).toEqual(['malformed', attempts]);
});

test('an unreachable server is unavailable', async () => {
  const gitlab = await FakeGitLab.start();
  const away = api(gitlab);
  await gitlab[Symbol.asyncDispose]();
  const error = await errorOf(away.findNote(3, 'x'));
  expect([error.kind, error.message]).toEqual([
    'unavailable',
    expect.stringContaining('check whether the runner can reach GitLab'),
  ]);
});

test('an abort ends a request with its reason', async () => {
  await using gitlab = await FakeGitLab.start();
  gitlab.faults.push(hang);
  const stop = new AbortController();
  const found = api(gitlab, projectToken, { requestMs: 60_000, totalMs: 60_000 }).findNote(3, 'x', stop.signal);
  const reason = new Error('enough');
  stop.abort(reason);
  await expect(found).rejects.toBe(reason);
});

test('durations come from the newest pipeline of the default branch that finished earlier and has a test report', async () => {
  await using gitlab = await FakeGitLab.start();
  const pipeline = (id: number, updated: string, ref = 'main', state = 'success'): (typeof gitlab.pipelines)[0] => ({
    id,
    ref,
    status: state,
    updated_at: updated,
  });
  gitlab.pipelines = [
    pipeline(44, '2026-11-20T13:00:00Z'), // ended after this pipeline began
    pipeline(43, '2026-11-20T11:59:00Z', 'main', 'canceled'),
    pipeline(42, '2026-11-20T11:00:00Z'), // no report
    pipeline(41, '2026-11-20T10:00:00Z', 'main', 'failed'),
    pipeline(40, '2026-11-20T09:00:00Z'),
  ];
  const cases = [
    { file: 'a.test.ts', execution_time: 2.5 },
    { file: 'a.test.ts', execution_time: 1 },
    { file: 'b.test.ts', execution_time: null },
    { execution_time: 9 },
  ];
  gitlab.reports = { 41: { test_suites: [{ test_cases: cases }] }, 40: { test_suites: [{ test_cases: [cases[0]] }] } };
  expect(await api(gitlab).pipelineTestDurations()).toEqual(
    new Map([
      ['a.test.ts', 3.5],
      ['b.test.ts', 0],
    ]),
  );
  expect((await errorOf(api(gitlab, jobToken).pipelineTestDurations())).kind).toBe('forbidden');
});

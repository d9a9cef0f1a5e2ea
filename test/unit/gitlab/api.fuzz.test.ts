// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, vi } from 'vitest';
import { fetchAppliance, GitLabApi, GitLabError, jobContext, type Token } from '../../../src/gitlab/index.ts';
import { allowingErrors, anyText, brokenBytes, brokenJson, fuzz } from '../../support/fuzz.ts';
import { harmful } from '../../support/hostile.ts';

const token: Token = { kind: 'private', value: 'glpat-secret-of-the-test' };
const env = {
  CI_API_V4_URL: 'https://gitlab.example/api/v4',
  CI_PROJECT_ID: '1',
  CI_JOB_ID: '2',
  CI_COMMIT_SHA: 'abc',
  CI_COMMIT_REF_NAME: 'main',
  CI_PIPELINE_CREATED_AT: '2026-01-02T00:00:00Z',
};
const limits = { requestMs: 20_000, totalMs: 500, waitsMs: [1], retryAfterMs: 10 };

const notes = [{ id: 1, body: 'x' }];
const pipelines = [{ id: 1, status: 'success', updated_at: '2026-01-01T00:00:00Z' }];
const testReport = {
  test_suites: [{ test_cases: [{ file: 'a', execution_time: 1, classname: 'a', name: 'b', status: 'failed' }] }],
};
const refusal = { message: { base: ['no'] }, error: 'glpat-secret-of-the-test \x1b[2J' };
const body = fc.oneof(
  ...[notes, pipelines, testReport, refusal].map((valid) => brokenJson(valid).map((value) => Buffer.from(JSON.stringify(value)))),
  brokenBytes(JSON.stringify(notes), '<html>log in</html>'),
);
const headerValue = fc.oneof(
  fc.constantFrom('2', '-1', '1e9', '<https://gitlab.example/api/v4/x?page=2>; rel="next"', 'Wed, 21 Oct 2099 07:28:00 GMT'),
  fc.constantFrom('https://evil.example/', '//evil.example', 'http://[', 'file:///etc/passwd', ''),
  fc.stringMatching(/^[ -~]{0,20}$/),
);
const header = fc.constantFrom('link', 'x-next-page', 'x-page', 'x-total-pages', 'retry-after', 'location', 'content-type');
const answer = fc.record({
  status: fc.constantFrom(200, 200, 200, 201, 302, 304, 400, 401, 403, 404, 429, 500, 502, 503),
  headers: fc.dictionary(header, headerValue, { maxKeys: 3 }),
  body,
});
type Answered = typeof answer extends fc.Arbitrary<infer T> ? T : never;

/** Answers one request after the other; the last answer again and again. */
async function answering<T>(answers: readonly Answered[], act: () => Promise<T>): Promise<T> {
  let count = 0;
  vi.stubGlobal('fetch', async () => {
    await new Promise(setImmediate);
    const { status, headers, body: bytes } = answers[Math.min(count++, answers.length - 1)]!;
    return new Response(status === 304 ? null : new Uint8Array(bytes), { status, headers });
  });
  try {
    return await act();
  } finally {
    vi.unstubAllGlobals();
  }
}

/** Allows only errors that say that GitLab is to blame, without the token and without control characters. */
async function allowingGitLabErrors<T>(act: () => Promise<T>): Promise<T | undefined> {
  return await allowingErrors(async () => {
    try {
      return await act();
    } catch (error) {
      expect(error).toBeInstanceOf(GitLabError);
      const { message } = error as Error;
      expect(message).not.toContain(token.value);
      expect(harmful.exec(message)).toBeNull();
      throw error;
    }
  });
}

const calls = {
  findNote: (api: GitLabApi) => api.findNote(3, 'x'),
  createNote: (api: GitLabApi) => api.createNote(3, 'x'),
  updateNote: (api: GitLabApi) => api.updateNote(3, 1, 'x'),
  setStatus: (api: GitLabApi) => api.setStatus({ state: 'success', name: 'alpy' }),
  testReport: (api: GitLabApi) => api.testReport(1),
  lastPipelines: (api: GitLabApi) => api.lastPipelines({ ref: 'main', updatedBefore: env.CI_PIPELINE_CREATED_AT }),
  durations: (api: GitLabApi) => api.pipelineTestDurations(),
} as const;
const callName = fc.constantFrom(...(Object.keys(calls) as (keyof typeof calls)[]));

fuzz(
  'any answers of GitLab are read or refused, and no message has the token',
  [callName, fc.array(answer, { minLength: 1, maxLength: 3 })],
  async (name, answers) => {
    const api = new GitLabApi(jobContext(env)!, token, limits);
    const found = await answering(answers, () => allowingGitLabErrors<unknown>(() => calls[name](api)));
    if (found instanceof Map) for (const seconds of found.values()) expect(seconds).not.toBeNaN();
    if (name === 'testReport' && found !== undefined) expect(Array.isArray(found)).toBe(true);
  },
  { runs: 40 },
);

fuzz(
  'a disk image whose checksum is wrong is refused, whatever the registry answers, and leaves no file',
  [fc.array(answer, { minLength: 1, maxLength: 2 }), anyText],
  async (answers, sum) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const variables = { ALPY_APPLIANCE_URL: `${env.CI_API_V4_URL}/projects/1/packages/x`, ALPY_APPLIANCE_SHA256: sum };
    const access = { context: jobContext(env)!, token };
    const act = (): Promise<boolean> => fetchAppliance(access, join(folder.path, 'disk'), variables);
    expect(await answering(answers, () => allowingErrors(act))).toBeUndefined();
    expect(await readdir(folder.path)).toEqual([]);
  },
  { runs: 20 },
);

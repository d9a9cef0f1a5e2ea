// SPDX-License-Identifier: GPL-3.0-or-later
import { hasFailed } from '../report/index.ts';
import { GitLabApi } from './api.ts';
import type { JobContext, Token } from './context.ts';
import { GitLabError, jobTokenAdvice } from './errors.ts';
import type { Limits } from './http.ts';
import { compareWithTarget } from './known-failures.ts';
import { noteMarker, noteText, verdict, type JobResult } from './note.ts';

/** What was published. */
export interface PublishOutcome {
  readonly note: 'created' | 'updated' | 'skipped' | 'failed';
  readonly status: 'set' | 'skipped' | 'failed';
}

/** What to publish, and how. */
export interface PublishOptions {
  /** distinguishes this note and status from others of the same merge request */
  readonly name: string;
  readonly jobs: readonly JobResult[];
  readonly context: JobContext;
  readonly token: Token | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** gets a line for each thing that was published, or why it was not */
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Posts the results as a note on the merge request, or replaces the note of an earlier pipeline, and sets a commit status. The status
 * is set even if the note fails. Errors of GitLab only lead to a line: tests must not fail because GitLab could not show their results.
 * @throws only the reason of `signal`
 */
export async function publishResults(options: PublishOptions): Promise<PublishOutcome> {
  const { context, token, onLine } = options;
  const iid = context.mergeRequestIid;
  if (token?.kind !== 'private') {
    const why = token === undefined ? 'there is no token: set ALPY_GITLAB_TOKEN to a project access token with scope api' : '';
    onLine(`no note on the merge request: ${why || jobTokenAdvice('post notes')}`);
    onLine(`no commit status: ${why || jobTokenAdvice('set commit statuses')}`);
    return { note: 'skipped', status: 'skipped' };
  }
  const api = new GitLabApi(context, token, options.limits);
  let note: PublishOutcome['note'] = 'skipped';
  if (iid === undefined) onLine('no note: this is not the pipeline of a merge request');
  else note = await attempt(onLine, () => upsert(api, iid, options));
  const status = await attempt(onLine, () => setStatus(api, options));
  return { note, status };
}

async function upsert(
  api: GitLabApi,
  iid: number,
  { name, jobs, context, onLine, signal }: PublishOptions,
): Promise<'created' | 'updated'> {
  const found = await api.findNote(iid, noteMarker(name), signal);
  const hasFailures = jobs.some(({ report }) => report.tests.some(hasFailed));
  const comparison = hasFailures ? await compareWithTarget(api, context, signal) : undefined;
  const text = noteText(name, jobs, { comparison, pipelineUrl: context.pipelineUrl });
  if (found === undefined) await api.createNote(iid, text, signal);
  else await api.updateNote(iid, found.id, text, signal);
  const done = found === undefined ? 'created' : 'updated';
  onLine(`note on merge request !${iid} ${done}`);
  return done;
}

async function setStatus(api: GitLabApi, { name, jobs, context, onLine, signal }: PublishOptions): Promise<'set'> {
  const rows = jobs.flatMap(({ report }) => report.tests.map((test) => ({ test })));
  const outside = jobs.reduce((sum, { report }) => sum + report.errors.length, 0);
  const isBad = jobs.length === 0 || jobs.some(({ report }) => report.exitStatus !== 0);
  await api.setStatus(
    {
      state: isBad ? 'failed' : 'success',
      name: `alpy/${name}`,
      description: verdict(rows, outside),
      targetUrl: context.pipelineUrl,
    },
    signal,
  );
  onLine(`commit status alpy/${name} set`);
  return 'set';
}

async function attempt<T>(onLine: (line: string) => void, body: () => Promise<T>): Promise<T | 'failed'> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof GitLabError)) throw error;
    onLine(error.message);
    return 'failed';
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { Gitlab } from '@gitbeaker/rest';
import { withDeadline } from '../core/deadline.ts';
import { caseSeconds, notesOf, pipelinesOf, testCasesOf, type Note, type Pipeline, type TestCase } from './answers.ts';
import type { JobContext, Token } from './context.ts';
import { GitLabError, type Task } from './errors.ts';
import { defaultLimits, timeout, type Limits } from './http.ts';
import { malformed, requesterFor } from './requester.ts';

/** A commit status, which GitLab shows next to the commit. */
export interface CommitStatus {
  readonly state: 'pending' | 'running' | 'success' | 'failed' | 'canceled';
  readonly name: string;
  /** cut off after 255 characters */
  readonly description?: string | undefined;
  readonly targetUrl?: string | undefined;
}

/** Which pipelines to look for. */
export interface PipelineQuery {
  readonly ref: string;
  /** ISO 8601; only pipelines that have not changed since */
  readonly updatedBefore: string;
}

type Client = InstanceType<typeof Gitlab>;

/**
 * The requests of alpy to GitLab for the project of a job. Every method throws {@link GitLabError}, ends within `limits.totalMs`, and
 * throws the signal's reason when it aborts.
 */
export class GitLabApi {
  readonly #context: JobContext;
  readonly #token: Token;
  readonly #limits: Limits;

  constructor(context: JobContext, token: Token, limits: Partial<Limits> = {}) {
    this.#context = context;
    this.#token = token;
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** The oldest note of a merge request that begins with a marker. Searches all pages. */
  async findNote(mergeRequestIid: number, marker: string, signal?: AbortSignal): Promise<Note | undefined> {
    const task = { what: `read the notes of merge request !${mergeRequestIid}`, repeatable: true };
    const notes = await this.#call(task, signal, async ({ MergeRequestNotes }) =>
      notesOf(
        await MergeRequestNotes.all(this.#context.projectId, mergeRequestIid, {
          sort: 'asc',
          orderBy: 'created_at',
          perPage: 100,
        }),
      ),
    );
    return notes.find(({ body }) => body.startsWith(marker)); // a note that quotes it has it elsewhere
  }

  /** Posts a note. Retries only if GitLab certainly did nothing, to post no note twice. */
  async createNote(mergeRequestIid: number, body: string, signal?: AbortSignal): Promise<void> {
    const what = `post a note on merge request !${mergeRequestIid}`;
    await this.#call({ what, forbiddenToJobs: 'post notes', repeatable: false }, signal, ({ MergeRequestNotes }) =>
      MergeRequestNotes.create(this.#context.projectId, mergeRequestIid, body),
    );
  }

  /** Replaces the text of a note. */
  async updateNote(mergeRequestIid: number, noteId: number, body: string, signal?: AbortSignal): Promise<void> {
    const what = `update note ${noteId} of merge request !${mergeRequestIid}`;
    await this.#call({ what, forbiddenToJobs: 'change notes', repeatable: true }, signal, ({ MergeRequestNotes }) =>
      MergeRequestNotes.edit(this.#context.projectId, mergeRequestIid, noteId, { body }),
    );
  }

  /** Sets a status of the tested commit in the pipeline of the job. */
  async setStatus(status: CommitStatus, signal?: AbortSignal): Promise<void> {
    const { projectId, sha, pipelineId } = this.#context;
    const task = { what: `set commit status ${status.name}`, forbiddenToJobs: 'set commit statuses', repeatable: true };
    if (sha === undefined) throw new GitLabError('not-found', task, 'the commit is unknown', 'set CI_COMMIT_SHA');
    const { state, name, description, targetUrl } = status;
    await this.#call(task, signal, ({ Commits }) =>
      Commits.editStatus(projectId, sha, state, {
        name,
        ...(description !== undefined && { description: description.slice(0, 255) }),
        ...(targetUrl !== undefined && { targetUrl }),
        ...(pipelineId !== undefined && { pipelineId }), // without it GitLab picks any pipeline of the commit, or creates one
      }),
    );
  }

  /** The test cases that the jobs of a pipeline reported. */
  async testReport(pipelineId: number, signal?: AbortSignal): Promise<readonly TestCase[]> {
    const what = `read the test report of pipeline ${pipelineId}`;
    return await this.#call({ what, forbiddenToJobs: 'read test reports', repeatable: true }, signal, async ({ Pipelines }) =>
      testCasesOf(await Pipelines.showTestReport(this.#context.projectId, pipelineId)),
    );
  }

  /** The last finished pipelines of a branch or tag, most recently changed first; at most 20. */
  async lastPipelines({ ref, updatedBefore }: PipelineQuery, signal?: AbortSignal): Promise<readonly Pipeline[]> {
    const query = { ref, updatedBefore, scope: 'finished', orderBy: 'updated_at', sort: 'desc', perPage: 20, page: 1 } as const;
    const pipelines = await this.#call(
      { what: `list the pipelines of ${ref}`, repeatable: true },
      signal,
      async ({ Pipelines }) => pipelinesOf(await Pipelines.all(this.#context.projectId, query)),
    );
    const before = Date.parse(updatedBefore);
    return pipelines.filter(({ status, updatedAt }) => /^(success|failed)$/.test(status) && Date.parse(updatedAt) < before);
  }

  /**
   * How long each test file took, in seconds, in the newest finished pipeline with a test report: of the default branch,
   * else of the same branch, else of the same merge request. All jobs of a pipeline get the same result, because only
   * pipelines count that had finished when this one was created. For the same reason errors are thrown instead of ignored.
   * Empty if there is no such pipeline, or if GitLab does not say when this pipeline was created.
   */
  async pipelineTestDurations(signal?: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const { defaultBranch, ref, mergeRequestIid, pipelineCreatedAt: updatedBefore } = this.#context;
    const requestRef = mergeRequestIid === undefined ? undefined : `refs/merge-requests/${mergeRequestIid}/head`;
    const refs = new Set([defaultBranch, ref, requestRef].filter((name) => name !== undefined));
    if (updatedBefore === undefined) return new Map();
    for (const name of refs) {
      const pipelines = await this.lastPipelines({ ref: name, updatedBefore }, signal);
      for (const { id } of pipelines.slice(0, 5)) {
        const durations = caseSeconds(await this.testReport(id, signal));
        if (durations.size > 0) return durations;
      }
    }
    return new Map();
  }

  async #call<T>(task: Task, signal: AbortSignal | undefined, body: (client: Client) => Promise<T>): Promise<T> {
    const [context, token, limits] = [this.#context, this.#token, this.#limits];
    const wait = { timeoutMs: limits.totalMs, signal };
    return await withDeadline(
      wait,
      () => timeout(task, limits.totalMs),
      async (within) => {
        try {
          const requesterFn = requesterFor({ token, task, limits, signal: within });
          return await body(new Gitlab({ host: context.apiUrl.replace(/\/api\/v4$/, ''), requesterFn }));
        } catch (error) {
          within.throwIfAborted();
          if (error instanceof GitLabError) throw error;
          throw malformed(task, 'the answer has an unexpected shape', { cause: error });
        }
      },
    );
  }
}

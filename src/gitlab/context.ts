// SPDX-License-Identifier: GPL-3.0-or-later
import { valueOf, type Variables } from '../core/variables.ts';

/** The CI job that alpy runs in, from GitLab's predefined variables. Fields that an old GitLab does not set are absent. */
export interface JobContext {
  /** root of the REST API without a trailing slash: `https://gitlab.example/api/v4` */
  readonly apiUrl: string;
  readonly projectId: number;
  readonly pipelineId: number | undefined;
  readonly pipelineUrl: string | undefined;
  /** ISO 8601; the same in all jobs of the pipeline */
  readonly pipelineCreatedAt: string | undefined;
  readonly jobId: number;
  /** includes the number of the shard if the job runs in parallel: `e2e 1/3` */
  readonly jobName: string;
  readonly jobUrl: string | undefined;
  /** the commit that is tested */
  readonly sha: string | undefined;
  /** branch or tag */
  readonly ref: string | undefined;
  readonly defaultBranch: string | undefined;
  /** the branch that the merge request wants to change; absent unless this is a merge request pipeline */
  readonly targetBranch: string | undefined;
  /** number of the merge request in its project; absent unless this is a merge request pipeline */
  readonly mergeRequestIid: number | undefined;
}

/** The token that alpy sends to GitLab: an access token of a project, group or person, or the job token. */
export interface Token {
  readonly kind: 'private' | 'job';
  readonly value: string;
}

/** Reads the predefined variables. @returns `undefined` outside of a GitLab job: without job, project or API */
export function jobContext(env: Variables): JobContext | undefined {
  const text = (name: string): string | undefined => valueOf(env, name);
  const number = (name: string): number | undefined => {
    const value = text(name);
    return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
  };
  const [apiUrl, projectId, jobId] = [text('CI_API_V4_URL'), number('CI_PROJECT_ID'), number('CI_JOB_ID')];
  if (apiUrl === undefined || projectId === undefined || jobId === undefined) return undefined;
  return {
    apiUrl: apiUrl.replace(/\/+$/, ''),
    projectId,
    pipelineId: number('CI_PIPELINE_ID'),
    pipelineUrl: text('CI_PIPELINE_URL'),
    pipelineCreatedAt: text('CI_PIPELINE_CREATED_AT'),
    jobId,
    jobName: text('CI_JOB_NAME') ?? String(jobId),
    jobUrl: text('CI_JOB_URL'),
    sha: text('CI_COMMIT_SHA'),
    ref: text('CI_COMMIT_REF_NAME'),
    defaultBranch: text('CI_DEFAULT_BRANCH'),
    targetBranch: text('CI_MERGE_REQUEST_TARGET_BRANCH_NAME'),
    mergeRequestIid: number('CI_MERGE_REQUEST_IID'),
  };
}

/** The token to use: `ALPY_GITLAB_TOKEN` if set, because it may do more, else `CI_JOB_TOKEN`, which every job has. */
export function tokenOf(env: Variables): Token | undefined {
  const [own, job] = [valueOf(env, 'ALPY_GITLAB_TOKEN'), valueOf(env, 'CI_JOB_TOKEN')];
  if (own !== undefined) return { kind: 'private', value: own };
  return job === undefined ? undefined : { kind: 'job', value: job };
}

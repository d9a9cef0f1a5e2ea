// SPDX-License-Identifier: GPL-3.0-or-later

/** Variables of the environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The CI job that alpy runs in: what GitLab's predefined variables say. What an old GitLab does not say is absent. */
export interface JobContext {
  /** root of the REST API, without a slash at the end: `https://gitlab.example/api/v4` */
  readonly apiUrl: string;
  readonly serverUrl: string | undefined;
  readonly projectId: number;
  readonly projectUrl: string | undefined;
  readonly pipelineId: number | undefined;
  readonly pipelineUrl: string | undefined;
  /** ISO 8601; the same in all jobs of the pipeline */
  readonly pipelineCreatedAt: string | undefined;
  readonly jobId: number;
  /** with the number of the shard when the job runs in parallel: `e2e 1/3` */
  readonly jobName: string;
  readonly jobUrl: string | undefined;
  /** the commit that is tested */
  readonly sha: string | undefined;
  /** branch or tag */
  readonly ref: string | undefined;
  readonly defaultBranch: string | undefined;
  /** number of the merge request within its project; absent unless this is a merge request's pipeline */
  readonly mergeRequestIid: number | undefined;
  /** which of the parallel jobs this is, from 1 */
  readonly nodeIndex: number;
  /** how many jobs run in parallel; 1 when `parallel` is not used */
  readonly nodeTotal: number;
  /** where the project is checked out; paths of artifacts are relative to it */
  readonly projectDirectory: string | undefined;
}

/** What alpy shows to GitLab to be let in: an access token (of a project, group or person), or that of the job. */
export interface Token {
  readonly kind: 'private' | 'job';
  readonly value: string;
}

/** Reads the predefined variables; nothing outside a GitLab job, that is without job, project or API. */
export function jobContext(env: Environment): JobContext | undefined {
  const text = (name: string): string | undefined => {
    const value = env[name]?.trim();
    return value === '' ? undefined : value;
  };
  const number = (name: string): number | undefined => {
    const value = text(name);
    return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
  };
  const [apiUrl, projectId, jobId] = [text('CI_API_V4_URL'), number('CI_PROJECT_ID'), number('CI_JOB_ID')];
  if (apiUrl === undefined || projectId === undefined || jobId === undefined) return undefined;
  return {
    apiUrl: apiUrl.replace(/\/+$/, ''),
    serverUrl: text('CI_SERVER_URL'),
    projectId,
    projectUrl: text('CI_PROJECT_URL'),
    pipelineId: number('CI_PIPELINE_ID'),
    pipelineUrl: text('CI_PIPELINE_URL'),
    pipelineCreatedAt: text('CI_PIPELINE_CREATED_AT'),
    jobId,
    jobName: text('CI_JOB_NAME') ?? String(jobId),
    jobUrl: text('CI_JOB_URL'),
    sha: text('CI_COMMIT_SHA'),
    ref: text('CI_COMMIT_REF_NAME'),
    defaultBranch: text('CI_DEFAULT_BRANCH'),
    mergeRequestIid: number('CI_MERGE_REQUEST_IID'),
    nodeIndex: number('CI_NODE_INDEX') ?? 1,
    nodeTotal: number('CI_NODE_TOTAL') ?? 1,
    projectDirectory: text('CI_PROJECT_DIR'),
  };
}

/** The token to use: `ALPY_GITLAB_TOKEN`, as it may do more, before `CI_JOB_TOKEN`, which every job has. */
export function tokenOf(env: Environment): Token | undefined {
  const [own, job] = [env['ALPY_GITLAB_TOKEN']?.trim(), env['CI_JOB_TOKEN']?.trim()];
  if (own) return { kind: 'private', value: own };
  return job ? { kind: 'job', value: job } : undefined;
}

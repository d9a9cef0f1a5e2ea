// SPDX-License-Identifier: GPL-3.0-or-later
import { EnvironmentError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-object.ts';
import { capText, escapeControls } from '../report/text.ts';
import type { Token } from './context.ts';

/**
 * Why a request to GitLab failed. `refused` is any other refusal (400, 409, 413, 422, a redirect); `malformed` is an answer that is
 * incomplete or not from GitLab's API.
 */
export type GitLabErrorKind = 'forbidden' | 'not-found' | 'rate-limited' | 'unavailable' | 'timeout' | 'malformed' | 'refused';

/** What a request to GitLab does. */
export interface Task {
  /** completes "could not …": `post a note on merge request !7` */
  readonly what: string;
  /** completes "a job token may not …"; absent if it may */
  readonly forbiddenToJobs?: string | undefined;
  /** doing it twice has the same effect as doing it once */
  readonly repeatable: boolean;
}

/** A request to GitLab failed. The message never contains a token. */
export class GitLabError extends EnvironmentError {
  override readonly code = 'ALPY_GITLAB';
  readonly kind: GitLabErrorKind;

  /**
   * @param found - what came back
   * @param advice - what to do
   */
  constructor(kind: GitLabErrorKind, task: Task, found: string, advice: string, options?: ErrorOptions) {
    super(`could not ${task.what}: ${found}; ${advice}`, options);
    this.kind = kind;
  }
}

/** What to do about a request that a job token may not make. */
export function jobTokenAdvice(forbidden: string): string {
  return `a job token may not ${forbidden}: set ALPY_GITLAB_TOKEN to a project access token with scope api`;
}

/** The error for an answer with an error status. */
export function refusal(task: Task, token: Token, status: number, body: string, retryAfterMs?: number): GitLabError {
  const kind = kindOf(status);
  const found = `GitLab answered ${[String(status), reason(body, token)].filter(Boolean).join(' ')}`;
  return new GitLabError(kind, task, found, advice(kind, task, token, status, retryAfterMs));
}

function kindOf(status: number): GitLabErrorKind {
  if (status === 401 || status === 403) return 'forbidden';
  if (status === 404) return 'not-found';
  if (status === 429) return 'rate-limited';
  return status >= 500 ? 'unavailable' : 'refused';
}

function advice(kind: GitLabErrorKind, task: Task, token: Token, status: number, retryAfterMs?: number): string {
  const job = token.kind === 'job';
  if (kind === 'unavailable') return 'GitLab is overloaded or being upgraded, try again later';
  if (kind === 'rate-limited')
    return retryAfterMs === undefined ? 'try again later' : `try again in ${Math.ceil(retryAfterMs / 1000)} s`;
  if (kind === 'refused') {
    if (status >= 300 && status < 400)
      return 'the API redirects, but alpy sends tokens only to CI_API_V4_URL: check that variable';
    return 'GitLab rejected the request';
  }
  if (job && task.forbiddenToJobs !== undefined) return jobTokenAdvice(task.forbiddenToJobs);
  if (kind === 'not-found') return 'it does not exist, or this token may not see it';
  if (job) return "check the project's settings, CI/CD, Job token permissions";
  if (status === 401) return 'the token in ALPY_GITLAB_TOKEN is wrong, expired or revoked: create a new one';
  return 'the token in ALPY_GITLAB_TOKEN needs scope api and at least the role Developer in this project';
}

/** The reason in GitLab's answer: its field `error` or `message`. Pages of proxies are not worth logging. */
function reason(body: string, token: Token): string {
  let found: unknown;
  try {
    const parsed: unknown = JSON.parse(body);
    if (isJsonObject(parsed)) {
      if ('message' in parsed) found = parsed['message'];
      if ('error' in parsed) found = parsed['error'];
    }
  } catch {
    return '';
  }
  if (found === undefined || found === null || found === '') return '';
  const text = typeof found === 'string' ? found : JSON.stringify(found);
  return `(${escapeControls(capText(text.replaceAll(token.value, '[token]'), 300))})`;
}

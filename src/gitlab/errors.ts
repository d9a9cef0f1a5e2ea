// SPDX-License-Identifier: GPL-3.0-or-later
import { EnvironmentError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-object.ts';
import { capText, escapeControls } from '../report/text.ts';
import type { Token } from './context.ts';

/**
 * Why GitLab did not do what it was asked for. `refused` is any other refusal (400, 409, 413, 422, a redirect);
 * `malformed` is an answer that is cut short or no answer of GitLab's API at all.
 */
export type GitLabErrorKind = 'forbidden' | 'not-found' | 'rate-limited' | 'unavailable' | 'timeout' | 'malformed' | 'refused';

/** What GitLab is asked for. */
export interface Task {
  /** completes "could not …": `post a note on merge request !7` */
  readonly what: string;
  /** completes "a job token may not …", if that is so */
  readonly forbiddenToJobs?: string | undefined;
  /** doing it twice is the same as doing it once */
  readonly repeatable: boolean;
}

/** GitLab did not do what it was asked for. The message never holds a token. */
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

/** What to do about a feature that needs more than a job's token. */
export function jobTokenAdvice(forbidden: string): string {
  return `a job token may not ${forbidden}: set ALPY_GITLAB_TOKEN to a project access token with scope api`;
}

/** The error for an answer with a status that is no success. */
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
      return 'the address of the API redirects, and tokens are sent nowhere else: see CI_API_V4_URL';
    return 'GitLab does not take it as it is';
  }
  if (job && task.forbiddenToJobs !== undefined) return jobTokenAdvice(task.forbiddenToJobs);
  if (kind === 'not-found') return 'it does not exist, or this token may not see it';
  if (job) return "see the project's settings, CI/CD, Job token permissions";
  if (status === 401) return 'the token in ALPY_GITLAB_TOKEN is wrong, expired or revoked: make a new one';
  return 'the token in ALPY_GITLAB_TOKEN needs scope api and at least the role Developer in this project';
}

/** GitLab says why in `error` or `message`; proxies answer with pages, which nobody wants to read in a log. */
function reason(body: string, token: Token): string {
  let said: unknown;
  try {
    const parsed: unknown = JSON.parse(body);
    if (isJsonObject(parsed)) {
      if ('message' in parsed) said = parsed['message'];
      if ('error' in parsed) said = parsed['error'];
    }
  } catch {
    return '';
  }
  if (said === undefined || said === null || said === '') return '';
  const text = typeof said === 'string' ? said : JSON.stringify(said);
  return `(${escapeControls(capText(text.replaceAll(token.value, '[token]'), 300))})`;
}

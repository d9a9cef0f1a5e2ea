// SPDX-License-Identifier: GPL-3.0-or-later
import type { Gitlab } from '@gitbeaker/rest';
import type { Token } from './context.ts';
import { GitLabError, type Task } from './errors.ts';
import { send, type Limits } from './http.ts';

/** What gitbeaker calls to send its requests. */
type RequesterFn = NonNullable<ConstructorParameters<typeof Gitlab>[0]['requesterFn']>;
type Requester = ReturnType<RequesterFn>;

/** All requests of one call. */
export interface Call {
  readonly token: Token;
  readonly task: Task;
  readonly limits: Limits;
  readonly signal: AbortSignal;
}

/**
 * Sends gitbeaker's requests with {@link send}. Gitbeaker knows the URLs, parameters and types of the API, but its own way to
 * send requests (43.8) does not suit CI jobs:
 * - It retries every request that gets 429 or 502, ten times within a quarter of a second, and ignores `Retry-After`. A note
 *   could be posted twice, and no rate limit ends that soon. It does not retry 503, 504 or a lost connection.
 * - It takes no signal, so a run that is stopped would wait for it.
 * - It follows redirects, and shows the token to the server that they lead to.
 */
export function requesterFor(call: Call): RequesterFn {
  const { token, task, limits, signal } = call;
  const method = (base: string, name: string): Requester['get'] =>
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as gitbeaker declares it
    async function request<T>(endpoint: string, options: Parameters<Requester['get']>[1] = {}) {
      const url = `${base}/${endpoint}`.replace(/([^:])\/{2,}/g, '$1/') + query(options.searchParams);
      const json = options.body === undefined ? undefined : JSON.stringify(snakeCased(options.body));
      const init = {
        method: name,
        headers: { accept: 'application/json', ...(json !== undefined && { 'content-type': 'application/json' }) },
        ...(json !== undefined && { body: json }),
      };
      const answer = await send({ task, token, url, init }, limits, signal);
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: parsed(task, answer.text) as T };
    };
  return ({ url }): Requester => ({
    get: method(url, 'GET'),
    post: method(url, 'POST'),
    put: method(url, 'PUT'),
    patch: method(url, 'PATCH'),
    delete: method(url, 'DELETE'),
  });
}

/** The error for an answer that cannot be from GitLab's API. */
export function malformed(task: Task, found: string, options?: ErrorOptions): GitLabError {
  return new GitLabError(
    'malformed',
    task,
    found,
    'check that CI_API_V4_URL leads to GitLab and not to a proxy or login page',
    options,
  );
}

function parsed(task: Task, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(task, `the answer is incomplete or no JSON (${text.length} characters)`, { cause: error });
  }
}

function query(parameters: Readonly<Record<string, unknown>> = {}): string {
  const pairs = Object.entries(snakeCased(parameters)).filter(([, value]) => value !== undefined && value !== null);
  return pairs.length === 0
    ? ''
    : `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)] as [string, string])).toString()}`;
}

function snakeCased(values: object): Readonly<Record<string, unknown>> {
  const pairs = Object.entries(values).map(([name, value]: [string, unknown]) => {
    return [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value] as const;
  });
  return Object.fromEntries(pairs);
}

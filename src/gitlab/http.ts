// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, messageOf } from '../core/errors.ts';
import { withDeadline, type Wait } from '../core/deadline.ts';
import type { Token } from './context.ts';
import { GitLabError, refusal, type Task } from './errors.ts';

/** Limits of requests to GitLab, in `ms`. */
export interface Limits {
  /** for one request including its answer */
  readonly requestMs: number;
  /** for everything that one call does: pages, retries, waits */
  readonly totalMs: number;
  /** wait before each retry; their number is the number of retries */
  readonly waitsMs: readonly number[];
  /** longest wait that GitLab may ask for; if it asks for more, alpy gives up at once */
  readonly retryAfterMs: number;
}

/** 15 s per request, a minute in total, three attempts. */
export const defaultLimits: Limits = { requestMs: 15_000, totalMs: 60_000, waitsMs: [500, 2000], retryAfterMs: 10_000 };

/** Largest answer that is read. */
const maxAnswerBytes = 64 * 1024 ** 2;

/** A request to GitLab. */
export interface Request {
  readonly task: Task;
  readonly token: Token;
  readonly url: string;
  readonly init: RequestInit;
}

/** A successful answer of GitLab, completely read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface Failure {
  readonly error: GitLabError;
  /** whether a retry may help; `unsent`: it may, and GitLab certainly did nothing yet */
  readonly retry: 'never' | 'unsent' | 'unknown';
  /** wait that GitLab asked for */
  readonly waitMs?: number | undefined;
}

/**
 * Sends a request, with retries. A request that must not be done twice is retried only if GitLab certainly did nothing: 429, 503, no
 * connection.
 * @throws {@link GitLabError}; the reason of `signal`
 */
export async function send(request: Request, limits: Limits, signal?: AbortSignal): Promise<Answer> {
  for (let attempts = 0; ; attempts += 1) {
    const outcome = await attempt(request, { timeoutMs: limits.requestMs, signal });
    if ('text' in outcome) return outcome;
    const planned = limits.waitsMs[attempts];
    const isFinal = outcome.retry === 'never' || (outcome.retry === 'unknown' && !request.task.repeatable);
    if (isFinal || planned === undefined || (outcome.waitMs ?? 0) > limits.retryAfterMs) throw outcome.error;
    await delay(outcome.waitMs ?? planned, undefined, { signal });
  }
}

/**
 * Sends a request once.
 * @throws {@link GitLabError}; the reason of `wait.signal`
 */
export async function sendOnce(request: Request, wait: Wait): Promise<Answer> {
  const outcome = await attempt(request, wait);
  if ('text' in outcome) return outcome;
  throw outcome.error;
}

async function attempt(request: Request, wait: Wait): Promise<Answer | Failure> {
  const { task, token } = request;
  return await withDeadline(
    wait,
    () => timeout(task, wait.timeoutMs),
    async (signal) => {
      let response: Response | undefined;
      let text: string;
      try {
        response = await fetch(request.url, withAuthorization(request, signal));
        text = await readText(response);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof GitLabError) throw error;
        return networkFailure(task, response !== undefined, error);
      }
      const { status, headers, ok } = response;
      if (ok) return { status, headers, text };
      const waitMs = retryAfter(headers);
      const retry = status === 429 || status === 503 ? 'unsent' : status === 502 || status === 504 ? 'unknown' : 'never';
      return { error: refusal(task, token, status, text, waitMs), retry, waitMs };
    },
  );
}

/** The error for a request that took too long. */
export function timeout(task: Task, timeoutMs: number): GitLabError {
  const found = `no complete answer within ${timeoutMs / 1000} s`;
  return new GitLabError('timeout', task, found, 'check whether the runner can reach GitLab, or try again later');
}

/** Reads an answer. @throws Error if it is larger than any that alpy needs, or is cut short */
export async function readText({ body }: Pick<Response, 'body'>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error(`it has more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function withAuthorization({ task, token, init }: Request, signal: AbortSignal): RequestInit {
  // checked here because the error of fetch would show the token
  if (!/^[\x21-\x7e]+$/.test(token.value))
    throw new GitLabError('forbidden', task, 'the token has characters that no token has', 'check the variable with the token');
  const headers = new Headers(init.headers);
  headers.set(token.kind === 'job' ? 'JOB-TOKEN' : 'PRIVATE-TOKEN', token.value);
  return { ...init, headers, signal, redirect: 'manual' }; // fetch would send these headers to other servers, too
}

function networkFailure(task: Task, answered: boolean, error: unknown): Failure {
  const cause: unknown = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = codeOf(cause);
  const found = (messageOf(cause) || code) ?? 'no connection';
  const options = { cause: error };
  if (answered)
    return {
      error: new GitLabError('malformed', task, `the answer was cut short (${found})`, 'try again later', options),
      retry: 'unknown',
    };
  const unsent = code !== undefined && ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'].includes(code);
  const advice = 'check whether the runner can reach GitLab, or try again later';
  return { error: new GitLabError('unavailable', task, found, advice, options), retry: unsent ? 'unsent' : 'unknown' };
}

/** `Retry-After` in `ms`: seconds or a date. */
function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

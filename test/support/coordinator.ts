// SPDX-License-Identifier: GPL-3.0-or-later
// The part of GitLab's job API that a runner needs: hands out jobs, accepts logs, states and artifacts.
// Source: gitlab-org/gitlab-runner 19.4.0, network/gitlab.go, and GitLab's lib/api/ci/runner.rb.
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import type { JobPayload } from './runner/payload.ts';

/** An uploaded artifact of a job. */
export interface UploadedArtifact {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly data: Buffer;
}

/** What GitLab knows about a job that a runner has taken. */
export interface CoordinatedJob {
  readonly payload: JobPayload;
  trace: Buffer;
  /** `Job-Status` of all answers */
  status: 'running' | 'canceling' | 'canceled';
  /** `pending`, then `running`, until the runner reports `success` or `failed` */
  state: string;
  failureReason?: string;
  exitCode?: number;
  readonly artifacts: UploadedArtifact[];
}

interface Update {
  readonly token?: string;
  readonly state?: string;
  readonly failure_reason?: string;
  readonly exit_code?: number;
  readonly output?: { readonly checksum?: string; readonly bytesize?: number };
}

/** The token that a runner must use. */
export const runnerToken = 'glrt-0123456789abcdef0123';

/** A stand-in for GitLab that only knows jobs, on the loopback interface. */
export class Coordinator implements AsyncDisposable {
  readonly jobs = new Map<number, CoordinatedJob>();
  readonly #waiting: JobPayload[] = [];
  readonly #requests = new EventEmitter();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Coordinator> {
    const server = createServer();
    const coordinator = new Coordinator(server);
    server.on('request', (request, response) => void coordinator.#answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return coordinator;
  }

  /** Its URL, without a trailing slash. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Queues a job for a runner. */
  add(payload: JobPayload): void {
    this.#waiting.push(payload);
  }

  /** A job that a runner has taken. @throws Error when no runner has */
  job(id: number): CoordinatedJob {
    const job = this.jobs.get(id);
    if (!job) throw new Error(`no runner has taken job ${id}`);
    return job;
  }

  /** Waits until a condition holds. Checks it after each request of a runner. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this.#requests, 'request');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const route = `${request.method ?? ''} ${pathname.replace('/api/v4/', '').replace(/^jobs\/\d+/, 'jobs/ID')}`;
    if (route === 'POST jobs/request') this.#handOut(body, response);
    else if (route === 'POST runners/verify') reply(response, 200, { id: 1, token: runnerToken, token_expires_at: null });
    else {
      const job = this.jobs.get(Number(/\/jobs\/(\d+)/.exec(pathname)?.[1]));
      const update = route === 'PUT jobs/ID' ? (JSON.parse(body.toString()) as Update) : {};
      if (!job) reply(response, 404);
      else if ((request.headers['job-token'] ?? update.token) !== job.payload.token) reply(response, 403);
      else if (route === 'PUT jobs/ID') takeUpdate(job, update, response);
      else if (route === 'PATCH jobs/ID/trace') takeTrace(job, request, body, response);
      else if (route === 'POST jobs/ID/artifacts') takeArtifact(job, request, body, searchParams, response);
      else reply(response, 404);
    }
    this.#requests.emit('request');
  }

  #handOut(body: Buffer, response: ServerResponse): void {
    const { token } = JSON.parse(body.toString()) as { readonly token?: string };
    if (token !== runnerToken) {
      reply(response, 403);
      return;
    }
    const payload = this.#waiting.shift();
    if (!payload) {
      response.writeHead(204, { 'X-GitLab-Last-Update': '1' }).end();
      return;
    }
    this.jobs.set(payload.id, { payload, trace: Buffer.alloc(0), status: 'running', state: 'pending', artifacts: [] });
    reply(response, 201, payload);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

function reply(response: ServerResponse, status: number, value?: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const text = JSON.stringify(value ?? { message: `${status} from the stand-in` });
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(text);
}

function takeUpdate(
  job: CoordinatedJob,
  { state = '', failure_reason: reason, exit_code: code, output }: Update,
  response: ServerResponse,
): void {
  const headers = { 'Job-Status': job.status, 'X-GitLab-Trace-Update-Interval': '1' };
  const isOver = state === 'success' || state === 'failed';
  if (isOver && output?.checksum !== undefined && output.checksum !== checksumOf(job.trace)) {
    reply(response, 412, undefined, headers); // the runner then sends the log again
    return;
  }
  job.state = state;
  if (reason !== undefined) job.failureReason = reason;
  if (code !== undefined) job.exitCode = code;
  reply(response, 200, String(isOver), headers);
}

/** The checksum that a runner sends for its log. */
export function checksumOf(trace: Buffer): string {
  return `crc32:${crc32(trace).toString(16).padStart(8, '0')}`;
}

function takeTrace(job: CoordinatedJob, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const { first, last } = /^(?<first>\d+)-(?<last>\d+)$/.exec(request.headers['content-range'] ?? '')?.groups ?? {};
  const isNext = Number(first) === job.trace.length && Number(last) === job.trace.length + body.length - 1;
  if (isNext) job.trace = Buffer.concat([job.trace, body]);
  reply(response, isNext ? 202 : 416, undefined, {
    Range: `0-${job.trace.length}`,
    'Job-Status': job.status,
    'X-GitLab-Trace-Update-Interval': '1',
  });
}

function takeArtifact(
  job: CoordinatedJob,
  request: IncomingMessage,
  body: Buffer,
  query: URLSearchParams,
  response: ServerResponse,
): void {
  const file = fileOf(request.headers['content-type'] ?? '', body);
  if (file)
    job.artifacts.push({
      ...file,
      type: query.get('artifact_type') ?? 'archive',
      format: query.get('artifact_format') ?? 'zip',
    });
  reply(response, file ? 201 : 400, {});
}

/** The field `file`, the only one that a runner sends. */
function fileOf(type: string, body: Buffer): Pick<UploadedArtifact, 'name' | 'data'> | undefined {
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1];
  const start = body.indexOf('\r\n\r\n');
  const head = body.toString('latin1', 0, Math.max(0, start));
  const name = /^content-disposition: form-data; name="file"; filename="([^"]*)"/im.exec(head)?.[1];
  if (boundary === undefined || name === undefined) return undefined;
  return { name, data: body.subarray(start + 4, body.lastIndexOf(`\r\n--${boundary}`)) };
}

// SPDX-License-Identifier: GPL-3.0-or-later
// A server that answers like GitLab: it knows the permissions of a job token, splits lists into pages, and can inject faults.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { JobContext, Token } from '../../../src/gitlab/index.ts';

export const jobToken: Token = { kind: 'job', value: 'job-token-0123456789' };
export const projectToken: Token = { kind: 'private', value: 'glpat-0123456789abcdef' };

/** A request that the server got. */
export interface Received {
  readonly method: string;
  /** below `/api/v4`, with the query */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

type Fault = (response: ServerResponse) => void;

/** Answers with a status, like GitLab's own errors or a proxy's page. */
export function status(code: number, body = `{"message":"${code} said the server"}`, headers = {}): Fault {
  return (response) => response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(body);
}

/** Never answers. */
export const hang: Fault = () => undefined;

/** Closes the connection in the middle of an answer. */
export const truncate: Fault = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('[{"id": 1,', () => response.destroy());
};

/** Some of a job token's permissions, from GitLab's documentation, "CI/CD job token", and the `job_token` routes of its API. */
const jobTokenMay: readonly RegExp[] = [
  /^GET \/job$/,
  /^GET \/projects\/1\/pipelines(\?|$)/,
  /^GET \/projects\/1\/merge_requests\/\d+\/notes/,
  /^PUT \/projects\/1\/packages\/generic\//,
  /^GET \/projects\/1\/packages\/generic\//,
];

export class FakeGitLab implements AsyncDisposable {
  readonly received: Received[] = [];
  /** answers for the next requests instead of the usual ones */
  readonly faults: Fault[] = [];
  notes: { id: number; body: string }[] = [];
  pipelines: { id: number; ref: string; status: string; updated_at: string }[] = [];
  reports: Record<number, unknown> = {};
  readonly statuses: unknown[] = [];
  /** files of generic packages, by path */
  readonly packages = new Map<string, Buffer>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeGitLab> {
    const server = createServer();
    const gitlab = new FakeGitLab(server);
    server.on('request', (request, response) => {
      void gitlab.#answer(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return gitlab;
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v4`;
  }

  /** The context of a job in a merge request pipeline. */
  context(difference: Partial<JobContext> = {}): JobContext {
    return {
      apiUrl: this.apiUrl,
      projectId: 1,
      pipelineId: 50,
      pipelineUrl: 'https://gitlab.example/g/p/-/pipelines/50',
      pipelineCreatedAt: '2026-11-20T12:00:00Z',
      jobId: 7,
      jobName: 'alpy-test',
      jobUrl: 'https://gitlab.example/g/p/-/jobs/7',
      sha: 'a'.repeat(40),
      ref: 'feature',
      defaultBranch: 'main',
      targetBranch: 'main',
      mergeRequestIid: 3,
      ...difference,
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace('/api/v4', '');
    const method = request.method ?? '';
    const body = await buffer(request);
    this.received.push({ method, path, headers: request.headers, body });
    const fault = this.faults.shift();
    if (fault) {
      fault(response);
      return;
    }
    const refused = this.#refusal(request, `${method} ${path}`);
    if (refused !== undefined) {
      status(refused)(response);
      return;
    }
    this.#serve(method, new URL(path, 'http://gitlab'), body, response);
  }

  #refusal({ headers }: IncomingMessage, line: string): number | undefined {
    if (headers['private-token'] === projectToken.value) return undefined;
    if (headers['job-token'] !== jobToken.value) return 401;
    return jobTokenMay.some((pattern) => pattern.test(line)) ? undefined : 403;
  }

  #serve(method: string, { pathname, searchParams }: URL, body: Buffer, response: ServerResponse): void {
    const json = (value: unknown, code = 200): void => {
      status(code, JSON.stringify(value))(response);
    };
    const noteId = /^\/projects\/1\/merge_requests\/3\/notes(?:\/(\d+))?$/.exec(pathname);
    const reportOf = /^\/projects\/1\/pipelines\/(\d+)\/test_report$/.exec(pathname)?.[1];
    if (method === 'GET' && noteId) {
      const [perPage, page] = [Number(searchParams.get('per_page') ?? 20), Number(searchParams.get('page') ?? 1)];
      const end = page * perPage;
      const next = end < this.notes.length ? String(page + 1) : '';
      const link = next === '' ? {} : { link: `<${this.apiUrl}${pathname}?per_page=${perPage}&page=${next}>; rel="next"` };
      status(200, JSON.stringify(this.notes.slice(end - perPage, end)), { 'x-next-page': next, ...link })(response);
    } else if (method === 'POST' && noteId) {
      const note = { id: this.notes.length + 1, ...(JSON.parse(body.toString()) as { body: string }) };
      this.notes.push(note);
      json(note, 201);
    } else if (method === 'PUT' && noteId?.[1] !== undefined) {
      const note = this.notes.find(({ id }) => id === Number(noteId[1]));
      if (note) Object.assign(note, JSON.parse(body.toString()));
      json(note ?? { message: '404 Not found' }, note ? 200 : 404);
    } else if (method === 'POST' && pathname === `/projects/1/statuses/${'a'.repeat(40)}`) {
      this.statuses.push({
        ...Object.fromEntries(searchParams),
        ...(body.length > 0 ? (JSON.parse(body.toString()) as object) : {}),
      });
      json({ id: 1 }, 201);
    } else if (method === 'GET' && pathname === '/projects/1/pipelines') {
      const before = searchParams.get('updated_before') ?? '9';
      json(this.pipelines.filter(({ ref, updated_at: at }) => ref === searchParams.get('ref') && at < before));
    } else if (method === 'GET' && reportOf !== undefined) json(this.reports[Number(reportOf)] ?? { test_suites: [] });
    else if (method === 'PUT' && pathname.startsWith('/projects/1/packages/generic/')) {
      this.packages.set(pathname, body);
      json({ message: '201 Created' }, 201);
    } else if (method === 'GET' && this.packages.has(pathname)) response.writeHead(200).end(this.packages.get(pathname));
    else json({ message: '404 Not found' }, 404);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

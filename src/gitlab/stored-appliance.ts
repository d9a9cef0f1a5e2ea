// SPDX-License-Identifier: GPL-3.0-or-later
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { withDeadline } from '../core/deadline.ts';
import { EnvironmentError, messageOf, UsageError } from '../core/errors.ts';
import { sha256Of } from '../core/file.ts';
import type { JobContext, Token } from './context.ts';
import { GitLabError, refusal, type Task } from './errors.ts';
import { timeout } from './http.ts';
import { uploadPackageFile } from './package.ts';
import type { Variables } from '../core/variables.ts';

/** Variables by which later jobs of a pipeline know of a disk image in the package registry. */
const [urlVariable, sumVariable] = ['ALPY_APPLIANCE_URL', 'ALPY_APPLIANCE_SHA256'];

/** Longest that a download may take, in `ms`. */
const downloadMs = 3_600_000;

/** Whose registry, and what to be let in with. */
export interface Access {
  readonly context: JobContext;
  readonly token: Token;
}

/**
 * Keeps a disk image for later jobs. One that is small enough stays where it is, to become an artifact of the job; a larger
 * one goes into the generic package registry, and the file is removed. Either way `variablesFile` is written, for
 * `artifacts:reports:dotenv`.
 * @param limitBytes - size from which it is large
 * @returns its address, when it was uploaded
 * @throws UsageError when it has to be uploaded and `access` is absent, as outside a GitLab job
 * @throws EnvironmentError, GitLabError; the reason of `signal`
 */
export async function storeAppliance(
  access: Access | undefined,
  path: string,
  options: { readonly limitBytes: number; readonly variablesFile: string; readonly signal?: AbortSignal | undefined },
): Promise<string | undefined> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new EnvironmentError(`cannot read ${path}: ${messageOf(cause)}`, { cause });
  });
  if (size <= options.limitBytes) {
    await writeFile(options.variablesFile, `${urlVariable}=\n${sumVariable}=\n`);
    return undefined;
  }
  const { context, token } = granted(access);
  const sum = await sha256Of(path);
  const version = String(context.pipelineId ?? context.jobId);
  const url = await uploadPackageFile({ context, token, name: 'alpy-appliance', version }, path, options.signal);
  await writeFile(options.variablesFile, `${urlVariable}=${url}\n${sumVariable}=${sum}\n`);
  await rm(path);
  return url;
}

/**
 * Fetches the disk image that {@link storeAppliance} has uploaded, if it has.
 * @param env - the variables of the job
 * @returns whether there was something to fetch
 * @throws UsageError when `access` is absent, or the address is not one of this GitLab's package registry: the token is for no other
 * @throws EnvironmentError when the file cannot be written or is not what was uploaded
 * @throws GitLabError; the reason of `signal`
 */
export async function fetchAppliance(
  access: Access | undefined,
  path: string,
  env: Variables,
  signal?: AbortSignal,
): Promise<boolean> {
  const url = env[urlVariable] ?? '';
  if (url === '') return false;
  const { context, token } = granted(access);
  if (!url.startsWith(`${context.apiUrl}/projects/`))
    throw new UsageError(`${urlVariable} is ${JSON.stringify(url)}, which is not below ${context.apiUrl}/projects/`);
  const task: Task = { what: `download ${basename(path)} from the package registry`, repeatable: true };
  const draft = `${path}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await withDeadline(
      { timeoutMs: downloadMs, signal },
      () => timeout(task, downloadMs),
      (abort) => download(url, draft, task, token, abort),
    );
    const sum = await sha256Of(draft);
    if (sum !== env[sumVariable])
      throw new EnvironmentError(`${url} has the SHA-256 ${sum}, not ${String(env[sumVariable])} as ${sumVariable} says`);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
  return true;
}

function granted(access: Access | undefined): Access {
  if (access !== undefined) return access;
  throw new UsageError(
    'the package registry is for GitLab jobs: CI_API_V4_URL, CI_PROJECT_ID, CI_JOB_ID and CI_JOB_TOKEN are not all set',
  );
}

async function download(url: string, path: string, task: Task, token: Token, signal: AbortSignal): Promise<void> {
  const headers = { [token.kind === 'job' ? 'JOB-TOKEN' : 'PRIVATE-TOKEN']: token.value };
  let response: Response;
  try {
    // the registry may send on to its object storage; fetch leaves our own headers out then only if it is told so
    response = await fetch(url, { headers, signal, redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null)
      response = await fetch(new URL(location, url), { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new GitLabError('unavailable', task, messageOf(cause), 'see whether the runner can reach GitLab', { cause });
  }
  if (!response.ok || response.body === null) throw refusal(task, token, response.status, await response.text());
  try {
    await pipeline(Readable.fromWeb(response.body), createWriteStream(path), { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new EnvironmentError(`cannot download ${url} to ${path}: ${messageOf(cause)}`, { cause });
  }
}

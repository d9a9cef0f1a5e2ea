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
import { readText, timeout } from './http.ts';
import { uploadPackageFile } from './package.ts';
import type { Variables } from '../core/variables.ts';

/** Variables that tell later jobs of a pipeline about a disk image in the package registry. */
const [urlVariable, sumVariable] = ['ALPY_APPLIANCE_URL', 'ALPY_APPLIANCE_SHA256'];

/** How long a download may take, in `ms`. */
const downloadMs = 3_600_000;

/** The project of the registry, and the token for it. */
export interface Access {
  readonly context: JobContext;
  readonly token: Token;
}

/**
 * Stores a disk image for later jobs. A small image stays where it is and becomes an artifact of the job. A large one is uploaded to the
 * generic package registry, and the file is removed. In both cases `variablesFile` is written for `artifacts:reports:dotenv`.
 * @param limitBytes - largest size of a small image
 * @returns its address if it was uploaded
 * @throws UsageError when it must be uploaded but `access` is absent, as outside of a GitLab job
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
  const { context, token } = requireAccess(access);
  const sum = await sha256Of(path);
  const version = String(context.pipelineId ?? context.jobId);
  const url = await uploadPackageFile({ context, token, name: 'alpy-appliance', version }, path, options.signal);
  await writeFile(options.variablesFile, `${urlVariable}=${url}\n${sumVariable}=${sum}\n`);
  await rm(path);
  return url;
}

/**
 * Downloads the disk image that {@link storeAppliance} uploaded, if any.
 * @param env - the variables of the job
 * @returns whether there was an image to download
 * @throws UsageError when `access` is absent, or the address is not on this GitLab, which alone may get the token
 * @throws EnvironmentError when the file cannot be written, or its checksum is wrong
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
  const { context, token } = requireAccess(access);
  if (!url.startsWith(`${context.apiUrl}/projects/`))
    throw new UsageError(`${urlVariable}: expected an address below ${context.apiUrl}/projects/, got ${JSON.stringify(url)}`);
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
      throw new EnvironmentError(`${url}: expected the SHA-256 ${String(env[sumVariable])} of ${sumVariable}, got ${sum}`);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
  return true;
}

function requireAccess(access: Access | undefined): Access {
  if (access !== undefined) return access;
  throw new UsageError(
    'the package registry needs a GitLab job: CI_API_V4_URL, CI_PROJECT_ID, CI_JOB_ID and CI_JOB_TOKEN must be set',
  );
}

async function download(url: string, path: string, task: Task, token: Token, signal: AbortSignal): Promise<void> {
  const headers = { [token.kind === 'job' ? 'JOB-TOKEN' : 'PRIVATE-TOKEN']: token.value };
  let response: Response;
  try {
    // the registry may redirect to its object storage, which must not get the token: fetch would send our headers along
    response = await fetch(url, { headers, signal, redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null)
      response = await fetch(new URL(location, url), { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new GitLabError('unavailable', task, messageOf(cause), 'check whether the runner can reach GitLab', { cause });
  }
  if (!response.ok || response.body === null) {
    const reason = await readText(response).catch(() => ''); // the status suffices
    signal.throwIfAborted();
    throw refusal(task, token, response.status, reason);
  }
  try {
    await pipeline(Readable.fromWeb(response.body), createWriteStream(path), { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new EnvironmentError(`cannot download ${url} to ${path}: ${messageOf(cause)}`, { cause });
  }
}

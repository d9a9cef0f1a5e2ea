// SPDX-License-Identifier: GPL-3.0-or-later
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { EnvironmentError, messageOf, UsageError } from '../core/errors.ts';
import type { JobContext, Token } from './context.ts';
import { sendOnce } from './http.ts';

/** A file of the project's generic package registry. */
export interface PackageFile {
  readonly name: string;
  readonly version: string;
  /** name of the file in the package */
  readonly file: string;
}

/** Slowest upload that is accepted, in bytes per second. */
const bytesPerSecond = 1_000_000;

/**
 * The address of a file in the generic package registry. Pure.
 * @throws UsageError when GitLab would not accept a name
 */
function packageFileUrl({ apiUrl, projectId }: JobContext, { name, version, file }: PackageFile): string {
  for (const part of [name, version, file]) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9._+-]*$/.test(part))
      throw new UsageError(
        `${JSON.stringify(part)} cannot be part of a package's address: expected letters, digits, dots, hyphens, _ and +`,
      );
  }
  return `${apiUrl}/projects/${projectId}/packages/generic/${name}/${version}/${encodeURIComponent(file)}`;
}

/**
 * Uploads a file to the generic package registry. Streams it, because images of appliances may be larger than memory. Does not retry,
 * because a second upload would create a second file of the same name.
 * @param path - the file; it keeps its name in the package
 * @returns its address
 * @throws UsageError when GitLab would not accept a name
 * @throws EnvironmentError when the file cannot be read
 * @throws GitLabError; the reason of `signal`
 */
export async function uploadPackageFile(
  target: { readonly context: JobContext; readonly token: Token; readonly name: string; readonly version: string },
  path: string,
  signal?: AbortSignal,
): Promise<string> {
  const { context, token, name, version } = target;
  const url = packageFileUrl(context, { name, version, file: basename(path) });
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new EnvironmentError(`cannot read ${path}: ${messageOf(cause)}`, { cause });
  });
  const stream = createReadStream(path);
  try {
    const task = {
      what: `upload ${basename(path)} to the package registry`,
      forbiddenToJobs: undefined,
      repeatable: false,
    };
    const init = {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
      body: Readable.toWeb(stream),
      duplex: 'half',
    } as unknown as RequestInit; // the types know neither the stream of Node nor duplex
    const timeoutMs = Math.max(60_000, (size / bytesPerSecond) * 1000);
    await sendOnce({ task, token, url, init }, { timeoutMs, signal });
  } finally {
    stream.destroy();
  }
  return url;
}

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

/** Slowest line that is waited for, in bytes per second. */
const bytesPerSecond = 1_000_000;

/**
 * Where a file of the generic package registry is. Pure.
 * @throws UsageError when GitLab would not take a name
 */
function packageFileUrl({ apiUrl, projectId }: JobContext, { name, version, file }: PackageFile): string {
  for (const part of [name, version, file]) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9._+-]*$/.test(part))
      throw new UsageError(
        `${JSON.stringify(part)} cannot be part of a package's address: wanted are letters, digits, dots, hyphens, _ and +`,
      );
  }
  return `${apiUrl}/projects/${projectId}/packages/generic/${name}/${version}/${encodeURIComponent(file)}`;
}

/**
 * Uploads a file into the generic package registry, as a stream: images of appliances are larger than memory. Sent once,
 * as a second upload would make a second file of the same name.
 * @param path - the file; its name is that in the package too, unless told
 * @returns where it is
 * @throws UsageError when GitLab would not take a name
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

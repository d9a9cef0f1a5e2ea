// SPDX-License-Identifier: GPL-3.0-or-later
// Builds jobs and settings of the driver for the tests.
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadSettings, readJob, type Job, type Settings } from '../../../../src/gitlab/executor/index.ts';

/** Creates a folder that is removed after the test. */
export async function folder(): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'alpy-executor-')));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The part of `JOB_RESPONSE_FILE` that the driver reads, as GitLab Runner writes it. */
export const response = {
  id: 42,
  token: 'glcbt-64_secret',
  job_info: { project_id: 7, name: 'ping' },
  runner_info: { timeout: 600 },
  variables: [] as { readonly key: string; readonly value: string }[],
};

/** The driver's environment for a job. @param variables - of the job */
export async function environment(
  variables: Readonly<Record<string, string>> = {},
  difference: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, string>> {
  const file = join(await folder(), 'response.json');
  await writeFile(file, JSON.stringify({ ...response, ...difference }));
  const prefixed = Object.entries(variables).map(([name, value]) => [`CUSTOM_ENV_${name}`, value]);
  return { JOB_RESPONSE_FILE: file, ...(Object.fromEntries(prefixed) as Record<string, string>) };
}

/** A job with these variables. @param difference - fields that replace those of {@link response} */
export async function jobWith(
  variables: Readonly<Record<string, string>> = {},
  difference: Readonly<Record<string, unknown>> = {},
): Promise<Job> {
  return readJob(await environment(variables, difference));
}

/** Loads settings. @param text - of the settings file */
export async function settingsOf(text = ''): Promise<Settings> {
  const file = join(await folder(), 'executor.yaml');
  await writeFile(file, text);
  return loadSettings(file);
}

/** The error with which a promise rejects. @throws Error when it does not reject */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('expected an error, got none');
    },
    (error: unknown) => error,
  );
}

// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs and settings of the driver as the tests need them.
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadSettings, readJob, type Job, type Settings } from '../../../../src/gitlab/executor/index.ts';

/** A folder that goes with the test. */
export async function folder(): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'alpy-executor-')));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** What GitLab's runner writes into `JOB_RESPONSE_FILE`, as far as the driver reads it. */
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

export async function jobWith(
  variables: Readonly<Record<string, string>> = {},
  difference: Readonly<Record<string, unknown>> = {},
): Promise<Job> {
  return readJob(await environment(variables, difference));
}

/** @param text - of the settings file */
export async function settingsOf(text = ''): Promise<Settings> {
  const file = join(await folder(), 'executor.yaml');
  await writeFile(file, text);
  return loadSettings(file);
}

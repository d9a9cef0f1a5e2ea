// SPDX-License-Identifier: GPL-3.0-or-later
// The variables that GitLab Runner passes to the driver as CUSTOM_ENV_… and exports in every script.
// Source: gitlab-org/gitlab-runner 19.4.0, common/build.go (GetAllVariables) and common/spec/variables.go.
import { join } from 'node:path';
import { resolvedFlags } from './feature-flags.ts';
import type { JobPayload } from './payload.ts';

/** A variable of a job. If several have the same key, the last one counts. */
export interface JobVariable {
  readonly key: string;
  readonly value: string;
  /** whether scripts get the path of a file with the value */
  readonly file?: boolean | undefined;
}

/** Where the runner builds: the answer of `config`. */
export interface BuildPlace {
  /** empty before `config` has answered */
  readonly builds: string;
  readonly cache: string;
  readonly isShared: boolean;
}

/** Where the project is checked out; empty before `config` has answered. */
export function projectFolder(payload: JobPayload, { builds, isShared }: BuildPlace): string {
  if (builds === '') return '';
  const url = new URL(payload.git_info.repo_url);
  const path = url.host === '' ? `project-${payload.job_info.project_id}` : url.pathname.replace(/\.git$/, '');
  return isShared ? join(builds, 'shortToken', '0', path) : join(builds, path);
}

/** The runner's folder for file variables, git's settings and the file that `GITLAB_ENV` names. The job can write to it. */
export function temporaryFolder(payload: JobPayload, place: BuildPlace): string {
  return `${projectFolder(payload, place)}.tmp`;
}

/**
 * All variables of a job in the runner's order: feature flags, variables of the runner, those that GitLab sends, including the user's,
 * and last those that cannot be overridden.
 * @param status - of the job, as `after_script` sees it
 */
export function jobVariables(payload: JobPayload, place: BuildPlace, status: string): readonly JobVariable[] {
  const project = projectFolder(payload, place);
  const own: Readonly<Record<string, string>> = {
    ...(payload.image.name === '' ? {} : { CI_JOB_IMAGE: payload.image.name }),
    CI_RUNNER_SHORT_TOKEN: 'shortToken',
    CI_BUILDS_DIR: place.builds,
    CI_PROJECT_DIR: project,
    CI_CONCURRENT_ID: '0',
    CI_CONCURRENT_PROJECT_ID: '0',
    CI_SERVER: 'yes',
    CI_JOB_STATUS: status,
    CI_JOB_TIMEOUT: String(payload.runner_info.timeout),
  };
  const flags = flagsOf(payload);
  const last = {
    CI_SHARED_ENVIRONMENT: 'true',
    CI_RUNNER_VERSION: '19.4.0',
    CI_RUNNER_REVISION: '00000000',
    CI_RUNNER_EXECUTABLE_ARCH: 'linux/amd64',
    RUNNER_TEMP_PROJECT_DIR: `${project}.tmp`,
    ...(flags.get('FF_NETWORK_PER_BUILD') === true ? { CI_BUILD_NETWORK_NAME: 'runner-network' } : {}),
  };
  const all = [
    ...[...flags].map(([key, value]) => ({ key, value: String(value), raw: true, file: false })),
    ...listOf(own),
    ...payload.variables.filter(({ key }) => !flags.has(key)),
    ...listOf(last),
  ];
  const valueOf = (name: string): string => {
    const found = all.findLast(({ key }) => key === name);
    return found?.file === true ? join(`${project}.tmp`, name) : (found?.value ?? '');
  };
  return all.map(({ key, value, raw, file }) => ({ key, value: raw ? value : expand(value, valueOf), file }));
}

/** All feature flags with their values for a job. */
export function flagsOf({ variables }: JobPayload): ReadonlyMap<string, boolean> {
  return resolvedFlags((name) => variables.findLast(({ key }) => key === name)?.value);
}

/** Expands `$NAME` and `${NAME}` once. */
export function expand(text: string, valueOf: (name: string) => string): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) => valueOf(braced ?? bare ?? ''));
}

/** The variable `CI_JOB_SERVICES`, which only the driver gets. Its value is empty without services. */
export function servicesVariable({ services }: JobPayload): JobVariable {
  const list = services.map(({ name, alias = '', entrypoint = null, command = null, variables = [] }) => ({
    name,
    alias,
    entrypoint,
    command,
    ...(variables.length > 0 ? { variables: Object.fromEntries(variables.map(({ key, value }) => [key, value])) } : {}),
  }));
  return { key: 'CI_JOB_SERVICES', value: list.length === 0 ? '' : JSON.stringify(list) };
}

function listOf(record: Readonly<Record<string, string>>): readonly (JobVariable & { readonly raw: boolean })[] {
  return Object.entries(record).map(([key, value]) => ({ key, value, raw: true }));
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import type { JobPayload } from './payload.ts';

/** A variable of a job; of several with the same key, the last one counts. */
export interface JobVariable {
  readonly key: string;
  readonly value: string;
}

/** Where the runner builds: what `config` has said. */
export interface BuildPlace {
  /** empty before `config` has said */
  readonly builds: string;
  readonly isShared: boolean;
}

/** Where the project is checked out; empty before that is known. */
export function projectFolder({ variables }: JobPayload, { builds, isShared }: BuildPlace): string {
  const path = variables.findLast(({ key }) => key === 'CI_PROJECT_PATH')?.value ?? 'project';
  if (builds === '') return '';
  return isShared ? join(builds, 'shortToken', '0', path) : join(builds, path);
}

/**
 * All variables of a job, in the order of the runner: its own, then those that GitLab sends, among them the user's, then those
 * that nobody overrides.
 * @param status - of the job, as `after_script` sees it
 */
export function jobVariables(payload: JobPayload, place: BuildPlace, status: string): readonly JobVariable[] {
  const own: Readonly<Record<string, string>> = {
    ...(payload.image.name === '' ? {} : { CI_JOB_IMAGE: payload.image.name }),
    CI_BUILDS_DIR: place.builds,
    CI_PROJECT_DIR: projectFolder(payload, place),
    CI_CONCURRENT_ID: '0',
    CI_CONCURRENT_PROJECT_ID: '0',
    CI_SERVER: 'yes',
    CI_JOB_STATUS: status,
    CI_JOB_TIMEOUT: String(payload.runner_info.timeout),
  };
  const last = { CI_SHARED_ENVIRONMENT: 'true', CI_RUNNER_VERSION: '19.4.0' };
  return [...listOf(own), ...payload.variables.map(({ key, value }) => ({ key, value })), ...listOf(last)];
}

/** `CI_JOB_SERVICES`, which only the driver gets: empty without services. */
export function servicesVariable({ services }: JobPayload): JobVariable {
  const list = services.map(({ name, alias = '', entrypoint = null, command = null, variables }) => ({
    name,
    alias,
    entrypoint,
    command,
    ...(variables ? { variables } : {}),
  }));
  return { key: 'CI_JOB_SERVICES', value: list.length === 0 ? '' : JSON.stringify(list) };
}

function listOf(record: Readonly<Record<string, string>>): readonly JobVariable[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

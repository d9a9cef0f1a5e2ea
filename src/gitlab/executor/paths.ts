// SPDX-License-Identifier: GPL-3.0-or-later
import { join, resolve, sep } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { sessionFiles } from '../../session/index.ts';
import type { DriverContext } from './driver-context.ts';
import type { Job } from './job.ts';
import type { Settings } from './settings.ts';

/** The folders of a job. No two jobs share one, except for the cache. */
export interface JobPaths {
  /** the project is checked out below it; removed after the job */
  readonly builds: string;
  /** archives of the runner's cache; shared by all jobs of a project */
  readonly cache: string;
  /** session of the testbed */
  readonly session: string;
}

/**
 * File in the runner's temporary folder with the variables that scripts export for later ones.
 * Source: gitlab-runner 19.4.0, shells/abstract.go.
 */
export const scriptExports = 'gitlab_runner_env';
/** In the same folder: settings that git includes in those of the project. */
export const externalGitConfig = '.gitlab-runner.ext.conf';
/** In the same folder: git's global settings of the job, with `FF_GIT_URLS_WITHOUT_TOKENS`. */
export const globalGitConfig = '.glr.gconf';

/** The folders of a job. Pure. */
export function jobPaths({ root }: Pick<Settings, 'root'>, { key, projectId }: Pick<Job, 'key' | 'projectId'>): JobPaths {
  return {
    builds: join(root, 'builds', key),
    cache: join(root, 'cache', `project-${projectId}`),
    session: join(root, 'jobs', key),
  };
}

/**
 * Where the job's project is checked out. Next to it, in a folder with the same name and `.tmp`, the runner keeps temporary files of
 * the job. A job can override CI_PROJECT_DIR, but not RUNNER_TEMP_PROJECT_DIR (GitLab Runner 15.6 and newer).
 * @throws UsageError if the project is not below the job's `builds`
 */
export function projectDirectory({ settings, job }: DriverContext): string {
  const { builds } = jobPaths(settings, job);
  const { CI_PROJECT_DIR: found = '', RUNNER_TEMP_PROJECT_DIR: temporary = `${found}.tmp` } = job.variables;
  const path = resolve(builds, found);
  if (found === '' || !path.startsWith(builds + sep) || temporary !== `${path}.tmp`)
    throw new UsageError(
      `CI_PROJECT_DIR: expected the project's folder below ${builds}, got ${JSON.stringify(found)}. Set neither it nor GIT_CLONE_PATH`,
    );
  return path;
}

/** What the driver stores about a job so that its files can be made safe, out of reach of the job's scripts. */
export interface SanitizePaths {
  /** exists once a script has begun */
  readonly begun: string;
  /** exists once a cache or artifacts may have been unpacked */
  readonly unpacked: string;
  /** copy of the runner's temporary folder from before scripts began and caches and artifacts were unpacked */
  readonly pristine: string;
  /** exists once the files that scripts left are safe for this machine */
  readonly sanitized: string;
}

/** See {@link SanitizePaths}. Pure. */
export function sanitizePaths(...args: Parameters<typeof jobPaths>): SanitizePaths {
  const { session } = jobPaths(...args);
  const inSession = (name: string): string => join(session, name);
  return {
    begun: inSession('begun'),
    unpacked: inSession('unpacked'),
    pristine: inSession('pristine'),
    sanitized: inSession('sanitized'),
  };
}

/** Identifier of the job's run: its containers have it as a label and can be found by it. Pure. */
export function runIdOf({ key }: Pick<Job, 'key'>): string {
  return `job-${key}`;
}

/** The longest path of a socket that a job may need below `root`, for job ids of up to 12 digits. Pure. */
export function longestSocketOf(settings: Pick<Settings, 'root'>): string {
  const { session } = jobPaths(settings, { key: `${'9'.repeat(12)}-${'f'.repeat(8)}`, projectId: 1 });
  const sockets = [sessionFiles.socket, join(sessionFiles.shared, sessionFiles.console)].map((path) => join(session, path));
  return sockets.reduce((longest, path) => (path.length > longest.length ? path : longest));
}

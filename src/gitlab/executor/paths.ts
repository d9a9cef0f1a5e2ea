// SPDX-License-Identifier: GPL-3.0-or-later
import { join, resolve, sep } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { sessionFiles } from '../../session/index.ts';
import type { DriverContext } from './driver-context.ts';
import type { Job } from './job.ts';
import type { Settings } from './settings.ts';

/** Where the driver keeps what. Every job has folders of its own, so that jobs never meet. */
export interface JobPaths {
  /** the project is checked out below it; removed with the job */
  readonly builds: string;
  /** archives of the runner's cache; all jobs of a project share it */
  readonly cache: string;
  /** session of the testbed */
  readonly session: string;
}

/** Of the runner's temporary folder: what scripts have exported for later ones. Source: gitlab-runner 19.4.0, shells/abstract.go. */
export const scriptExports = 'gitlab_runner_env';
/** There too: what git includes in the settings of the project. */
export const externalGitConfig = '.gitlab-runner.ext.conf';
/** There too: git's settings of the job as a whole, with `FF_GIT_URLS_WITHOUT_TOKENS`. */
export const globalGitConfig = '.glr.gconf';

/** Pure. */
export function jobPaths({ root }: Pick<Settings, 'root'>, { key, projectId }: Pick<Job, 'key' | 'projectId'>): JobPaths {
  return {
    builds: join(root, 'builds', key),
    cache: join(root, 'cache', `project-${projectId}`),
    session: join(root, 'jobs', key),
  };
}

/**
 * Where the job's project is checked out; beside it, in a folder whose name ends with `.tmp`, the runner keeps what belongs to
 * the job. A job can override CI_PROJECT_DIR, but not RUNNER_TEMP_PROJECT_DIR (GitLab Runner 15.6 and newer).
 * @throws UsageError if the project is not in the folder that `config` answered
 */
export function projectDirectory({ settings, job }: DriverContext): string {
  const { builds } = jobPaths(settings, job);
  const { CI_PROJECT_DIR: found = '', RUNNER_TEMP_PROJECT_DIR: temporary = `${found}.tmp` } = job.variables;
  const path = resolve(builds, found);
  if (found === '' || !path.startsWith(builds + sep) || temporary !== `${path}.tmp`)
    throw new UsageError(
      `CI_PROJECT_DIR is ${JSON.stringify(found)}, but should be below ${builds}, where the project is: do not set it or GIT_CLONE_PATH`,
    );
  return path;
}

/** What the driver keeps of a job once its scripts have begun, where none of them can reach it. */
export interface SanitizePaths {
  /** there once a script has begun */
  readonly begun: string;
  /** what was in the runner's temporary folder before that, and before caches and artifacts were unpacked */
  readonly pristine: string;
  /** there once nothing that the scripts have left can harm this machine */
  readonly sealed: string;
}

/** Pure. */
export function sanitizePaths(...of: Parameters<typeof jobPaths>): SanitizePaths {
  const { session } = jobPaths(...of);
  return { begun: join(session, 'begun'), pristine: join(session, 'pristine'), sealed: join(session, 'sealed') };
}

/** Identifier of the job's run, by which its containers are found even when nothing else is left of it. Pure. */
export function runIdOf({ key }: Pick<Job, 'key'>): string {
  return `job-${key}`;
}

/** The longest path of a socket that a job may need below `root`, for jobs of up to 12 digits. Pure. */
export function longestSocketOf(settings: Pick<Settings, 'root'>): string {
  const { session } = jobPaths(settings, { key: `${'9'.repeat(12)}-${'f'.repeat(8)}`, projectId: 1 });
  const sockets = [sessionFiles.socket, join(sessionFiles.shared, sessionFiles.console)].map((path) => join(session, path));
  return sockets.reduce((longest, path) => (path.length > longest.length ? path : longest));
}

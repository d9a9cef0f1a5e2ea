// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * Sub-stages that the runner writes itself, of which none runs a line of the job: git, caches and artifacts. They need git
 * and gitlab-runner, so they run on the runner's machine. All others, also those that are not known yet, run in the job's
 * container. Source: gitlab-org/gitlab-runner, common/build_stage.go and `Predefined` of its executors.
 */
const predefined: ReadonlySet<string> = new Set([
  'prepare_script',
  'get_sources',
  'clear_worktree',
  'restore_cache',
  'download_artifacts',
  'archive_cache',
  'archive_cache_on_failure',
  'upload_artifacts_on_success',
  'upload_artifacts_on_failure',
  'cleanup_file_variables',
]);

/** Those of them that come after the job's scripts: captures and logs have to be whole and in place then. */
const after: ReadonlySet<string> = new Set([
  'archive_cache',
  'archive_cache_on_failure',
  'upload_artifacts_on_success',
  'upload_artifacts_on_failure',
  'cleanup_file_variables',
]);

/** Those that pack or unpack files whose names the job chooses. */
const files: ReadonlySet<string> = new Set([
  'restore_cache',
  'download_artifacts',
  'archive_cache',
  'archive_cache_on_failure',
  'upload_artifacts_on_success',
  'upload_artifacts_on_failure',
]);

/** Whether a sub-stage runs on the runner's machine. */
export function isPredefined(stage: string): boolean {
  return predefined.has(stage);
}

/** Whether the testbed is no longer needed when a sub-stage begins. */
export function isAfterScripts(stage: string): boolean {
  return after.has(stage);
}

/** Whether a sub-stage follows paths of the job. */
export function handlesFiles(stage: string): boolean {
  return files.has(stage);
}

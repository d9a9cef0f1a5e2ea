// SPDX-License-Identifier: GPL-3.0-or-later

/** Properties of a sub-stage that the runner defines. */
interface Predefined {
  /** it runs after the job's scripts, when captures and logs must be complete and in place */
  readonly isAfterScripts?: boolean;
  /** it packs or unpacks files whose names the job chooses */
  readonly handlesFiles?: boolean;
}

/**
 * Sub-stages whose scripts the runner writes and that run no command of the job: git, caches and artifacts. They need git and
 * gitlab-runner, so they run on the runner's machine; those that unpack
 * archives run in a container there. All others, including ones that we don't know, run in the job's container.
 * Source: gitlab-org/gitlab-runner, common/build_stage.go and `Predefined` of its executors.
 */
const predefined: ReadonlyMap<string, Predefined> = new Map<string, Predefined>([
  ['prepare_script', {}],
  ['get_sources', {}],
  ['clear_worktree', {}],
  ['restore_cache', { handlesFiles: true }],
  ['download_artifacts', { handlesFiles: true }],
  ['archive_cache', { isAfterScripts: true, handlesFiles: true }],
  ['archive_cache_on_failure', { isAfterScripts: true, handlesFiles: true }],
  ['upload_artifacts_on_success', { isAfterScripts: true, handlesFiles: true }],
  ['upload_artifacts_on_failure', { isAfterScripts: true, handlesFiles: true }],
  ['cleanup_file_variables', { isAfterScripts: true }],
]);

/** Whether a sub-stage runs on the runner's machine. */
export function isPredefined(stage: string): boolean {
  return predefined.has(stage);
}

/** Whether a sub-stage runs when the testbed is no longer needed. */
export function isAfterScripts(stage: string): boolean {
  return predefined.get(stage)?.isAfterScripts ?? false;
}

/** Whether a sub-stage packs or unpacks files at paths that the job chooses. */
export function handlesFiles(stage: string): boolean {
  return predefined.get(stage)?.handlesFiles ?? false;
}

/** Whether a sub-stage unpacks archives, which other jobs have packed. */
export function unpacksArchives(stage: string): boolean {
  return handlesFiles(stage) && !isAfterScripts(stage);
}

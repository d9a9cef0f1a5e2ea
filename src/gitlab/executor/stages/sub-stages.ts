// SPDX-License-Identifier: GPL-3.0-or-later

/** What is special about a sub-stage of the runner's own. */
interface Predefined {
  /** it comes after the job's scripts: captures and logs have to be whole and in place then */
  readonly isAfterScripts?: boolean;
  /** it packs or unpacks files whose names the job chooses */
  readonly handlesFiles?: boolean;
}

/**
 * Sub-stages that the runner writes itself, of which none runs a line of the job: git, caches and artifacts. They need git
 * and gitlab-runner, so they run on the runner's machine. All others, also those that are not known yet, run in the job's
 * container. Source: gitlab-org/gitlab-runner, common/build_stage.go and `Predefined` of its executors.
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

/** Whether the testbed is no longer needed when a sub-stage begins. */
export function isAfterScripts(stage: string): boolean {
  return predefined.get(stage)?.isAfterScripts ?? false;
}

/** Whether a sub-stage follows paths of the job. */
export function handlesFiles(stage: string): boolean {
  return predefined.get(stage)?.handlesFiles ?? false;
}

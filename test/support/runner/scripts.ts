// SPDX-License-Identifier: GPL-3.0-or-later
// The scripts that GitLab Runner writes for the sub-stages of a job.
// Source: gitlab-org/gitlab-runner 19.4.0, shells/abstract.go.
import { join, relative } from 'node:path';
import { BashWriter } from './bash-writer.ts';
import { cleanRepository, getSources, globalConfig, rejectCredentials, temporaryFiles, type GitPlace } from './git-lines.ts';
import type { JobPayload, PayloadArtifact, PayloadCache } from './payload.ts';
import { expand, flagsOf, jobVariables, projectFolder, temporaryFolder, type BuildPlace, type JobVariable } from './variables.ts';

/** Paths and URLs in a script that do not depend on the job. */
export interface ScriptPlace extends BuildPlace {
  /** URL of GitLab, for `artifacts-uploader` */
  readonly url: string;
}

interface Stage {
  readonly payload: JobPayload;
  readonly writer: BashWriter;
  readonly git: GitPlace;
  readonly variables: readonly JobVariable[];
  readonly place: ScriptPlace;
}

/**
 * The script of a sub-stage.
 * @param stage - the driver gets the same name, except for `step_script`
 * @param status - of the job so far
 * @returns `undefined` if it has nothing to do; the runner then skips the sub-stage
 */
export function stageScript(stage: string, payload: JobPayload, place: ScriptPlace, status: string): string | undefined {
  const variables = jobVariables(payload, place, status);
  const valueOf = (name: string): string => variables.findLast(({ key }) => key === name)?.value ?? '';
  const writer = new BashWriter({ temporary: temporaryFolder(payload, place), flags: flagsOf(payload) });
  const git = { project: projectFolder(payload, place), valueOf };
  const hasWork = write(stage, { payload, writer, git, variables, place });
  return hasWork ? writer.finish(valueOf('CI_DEBUG_TRACE') === 'true') : undefined;
}

/** Writes the lines of a sub-stage. @returns whether it has anything to do */
function write(name: string, stage: Stage): boolean {
  const { payload, writer, git } = stage;
  switch (name) {
    case 'prepare_script':
      writer.line('echo "Running on $(hostname)..."');
      for (const file of ['gitlab_runner_env', 'masking.db']) writer.removeFile(writer.temporary(file));
      return true;
    case 'get_sources':
      exportVariables(stage);
      getSources(writer, payload, git);
      return true;
    case 'clear_worktree':
      writer.notice('Deleting tracked and untracked files...');
      writer.when(`[ -d ${JSON.stringify(git.project)} ]`, () => {
        writer.command('cd', git.project);
        writer.command('git', 'rm', '-rf', '--ignore-unmatch', '--quiet', '.');
        writer.command('git', 'clean', '-ffdx', '-q');
      });
      return true;
    case 'restore_cache':
      return caches(stage, payload.cache, restoreCache);
    case 'archive_cache':
      return caches(stage, cachesOn(payload, 'on_success'), archiveCache);
    case 'archive_cache_on_failure':
      return caches(stage, cachesOn(payload, 'on_failure'), archiveCache);
    case 'upload_artifacts_on_success':
      return uploads(stage, 'on_success');
    case 'upload_artifacts_on_failure':
      return uploads(stage, 'on_failure');
    case 'after_script':
      return userScript(stage, 'after_script');
    case 'cleanup_file_variables':
      cleanUp(stage);
      return true;
    default: // download_artifacts: no job of the tests needs artifacts of other jobs
      return name.startsWith('step_') && userScript(stage, name.slice('step_'.length));
  }
}

/** Exports the job's variables. @param isAgain - whether the files of file variables exist already */
function exportVariables({ writer, variables }: Stage, isAgain = false): void {
  for (const variable of variables)
    writer.variable(isAgain && variable.file === true ? { key: variable.key, value: writer.temporary(variable.key) } : variable);
  const file = writer.temporary('gitlab_runner_env');
  writer.variable({ key: 'GITLAB_ENV', value: file });
  writer.sourceEnvironment(file);
  if (writer.isOn('FF_GIT_URLS_WITHOUT_TOKENS')) writer.exportRaw('GIT_CONFIG_GLOBAL', writer.temporary(globalConfig));
}

function enterProject(stage: Stage): void {
  exportVariables(stage);
  stage.writer.command('cd', stage.git.project);
}

function userScript(stage: Stage, name: string): boolean {
  const step = stage.payload.steps.find((one) => one.name === name);
  if (!step || (name === 'after_script' && step.script.length === 0)) return false;
  enterProject(stage);
  if (name === 'after_script') stage.writer.notice('Running after script...');
  for (const command of step.script) {
    const [first = '', ...others] = command.trim().split('\n');
    stage.writer.notice(others.length > 0 ? `$ ${first} # collapsed multi-line command` : `$ ${first}`);
    stage.writer.line(command.trim());
  }
  return true;
}

function uploads(stage: Stage, when: PayloadArtifact['when']): boolean {
  const { payload, writer, place } = stage;
  const artifacts = payload.artifacts.filter((artifact) => artifact.when === when || artifact.when === 'always');
  if (artifacts.length === 0) return false;
  enterProject(stage);
  for (const { name, paths, artifact_type: type, artifact_format: format } of artifacts) {
    const where = ['--url', place.url, '--token', payload.token, '--id', String(payload.id)];
    const limits = ['--timeout', '1h0m0s', '--response-header-timeout', '10m0s'];
    const what = [...paths.flatMap((path) => ['--path', path]), ...(name === '' ? [] : ['--name', name])];
    guarded(writer, 'Uploading artifacts', () => {
      writer.notice('Uploading artifacts...');
      const kind = ['--artifact-format', format, '--artifact-type', type];
      writer.command('gitlab-runner', 'artifacts-uploader', ...where, ...limits, ...what, ...kind);
    });
  }
  return true;
}

function cachesOn({ cache }: JobPayload, when: PayloadCache['when']): readonly PayloadCache[] {
  return cache.filter((one) => one.when === when || one.when === 'always');
}

type CacheAction = (stage: Stage, cache: PayloadCache, key: string, file: string) => void;

function caches(stage: Stage, list: readonly PayloadCache[], act: CacheAction): boolean {
  if (list.length === 0) return false;
  const { payload, place, git } = stage;
  enterProject(stage);
  for (const cache of list) {
    const key = cache.key === '' ? join(payload.job_info.name, payload.git_info.ref) : expand(cache.key, git.valueOf);
    const folder = join(place.cache, relative(place.builds, git.project));
    act(stage, cache, key, relative(git.project, join(folder, key, 'cache.zip')));
  }
  return true;
}

function restoreCache({ writer }: Stage, cache: PayloadCache, key: string, file: string): void {
  guarded(writer, 'Extracting cache', () => {
    writer.notice(`Checking cache for ${key}...`);
    writer.when(
      writer.words(['gitlab-runner', 'cache-extractor', '--file', file, '--timeout', '10']),
      () => {
        writer.notice('Successfully extracted cache');
      },
      () => {
        writer.warning('Failed to extract cache');
        if (!writer.isOn('FF_CLEAN_UP_FAILED_CACHE_EXTRACT')) return;
        for (const path of cache.paths) writer.removeFolder(path);
      },
    );
  });
}

function archiveCache({ writer }: Stage, { paths }: PayloadCache, key: string, file: string): void {
  guarded(writer, 'Creating cache', () => {
    writer.notice(`Creating cache ${key}...`);
    const environment = writer.environmentFile('gitlab_runner_cache_env', {
      CACHE_METADATA: JSON.stringify({ cachekey: key }),
    });
    const what = paths.flatMap((path) => ['--path', path]);
    const where = ['--file', file, '--alternate-file', file, '--timeout', '10'];
    writer.when(
      writer.words(['gitlab-runner', 'cache-archiver', ...where, ...what, '--env-file', environment]),
      () => {
        writer.notice('Created cache');
      },
      () => {
        writer.warning('Failed to create cache');
      },
    );
    writer.removeFile(environment);
  });
}

function guarded(writer: BashWriter, what: string, body: () => void): void {
  writer.when('gitlab-runner --version >/dev/null 2>&1', body, () => {
    writer.warning(`Missing gitlab-runner. ${what} is disabled.`);
  });
}

function cleanUp(stage: Stage): void {
  const { payload, writer, git, variables, place } = stage;
  exportVariables(stage, true);
  rejectCredentials(writer, payload.git_info.repo_url);
  const files = variables.filter(({ file }) => file).map(({ key }) => key);
  for (const name of [...temporaryFiles, ...files]) writer.removeFile(writer.temporary(name));
  if (writer.isOn('FF_ENABLE_JOB_CLEANUP')) {
    writer.command('cd', git.project);
    writer.command('git', 'clean', '-ffdx');
    writer.command('git', 'reset', '--hard');
  }
  cleanRepository(writer, git);
  writer.removeFile(join(place.builds, '.gitlab-build-uid-gid'));
}

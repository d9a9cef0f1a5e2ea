// SPDX-License-Identifier: GPL-3.0-or-later
// The lines of a script that call git. Source: gitlab-org/gitlab-runner 19.4.0, shells/abstract.go.
import { join } from 'node:path';
import type { BashWriter } from './bash-writer.ts';
import type { JobPayload } from './payload.ts';

/** The project that git works on. */
export interface GitPlace {
  /** absolute path of the project */
  readonly project: string;
  /** value of a variable; empty if it is not set */
  readonly valueOf: (name: string) => string;
}

const externalConfig = '.gitlab-runner.ext.conf';
/** Name of the file for `GIT_CONFIG_GLOBAL` with `FF_GIT_URLS_WITHOUT_TOKENS`. */
export const globalConfig = '.glr.gconf';

/** Files that the runner removes from the temporary folder in cleanup_file_variables. */
export const temporaryFiles = ['gitlab_runner_env', 'masking.db', externalConfig, globalConfig];

/** Fetches the project, or only creates its folder. */
export function getSources(writer: BashWriter, { git_info: git }: JobPayload, place: GitPlace): void {
  const { project, valueOf } = place;
  const strategy = strategyOf(place);
  writer.variable({ key: 'GIT_TERMINAL_PROMPT', value: '0' });
  writer.variable({ key: 'GCM_INTERACTIVE', value: 'Never' });
  if (writer.isOn('FF_GIT_URLS_WITHOUT_TOKENS')) seedGlobalConfig(writer, git.repo_url, strategy);
  if (valueOf('GIT_LFS_SKIP_SMUDGE') !== '1') writer.variable({ key: 'GIT_LFS_SKIP_SMUDGE', value: '1' });
  if (strategy === 'none' || strategy === 'empty') {
    writer.notice('Skipping Git repository setup');
    if (strategy === 'empty') writer.removeFolder(project);
    writer.command('mkdir', '-p', project);
  } else {
    cleanRepository(writer, place);
    fetch(writer, git, place);
    checkOut(writer, git, place);
    if (['normal', 'recursive'].includes(valueOf('GIT_SUBMODULE_STRATEGY'))) updateSubmodules(writer, place);
    else writer.notice('Skipping Git submodules setup');
  }
  rejectCredentials(writer, git.repo_url);
}

/** The strategy; default: `fetch`, as GitLab has it for projects. */
function strategyOf({ valueOf }: Pick<GitPlace, 'valueOf'>): string {
  const strategy = valueOf('GIT_STRATEGY');
  return ['clone', 'fetch', 'none', 'empty'].includes(strategy) ? strategy : 'fetch';
}

/** Removes files that could make git fail or run programs: locks, settings and hooks. */
export function cleanRepository(writer: BashWriter, { project, valueOf }: GitPlace): void {
  const git = join(project, '.git');
  for (const name of ['index.lock', 'shallow.lock', 'HEAD.lock', 'hooks/post-checkout', 'config.lock'])
    writer.removeFile(join(git, name));
  removeAll(writer, join(git, 'refs'), '*.lock');
  if (strategyOf({ valueOf }) === 'none') return;
  for (const folder of [writer.temporary('git-template'), git]) {
    writer.removeFile(join(folder, 'config'));
    writer.removeFolder(join(folder, 'hooks'));
  }
}

function removeAll(writer: BashWriter, folder: string, name: string): void {
  const find = `find ${JSON.stringify(folder)} -name ${JSON.stringify(name)} -type f -exec rm -f {} "\${et}"`;
  writer.when(`[ -d ${JSON.stringify(folder)} ]`, () => {
    writer.line(`et='+' ; find /dev/null -exec true {} + 2>/dev/null || et=';' ; ${find}`);
  });
}

/** Makes credential helpers forget the job's token. */
export function rejectCredentials(writer: BashWriter, url: string): void {
  const { protocol, host } = new URL(url);
  if (host === '' || !['http:', 'https:', 'ssh:'].includes(protocol)) return;
  const request = writer.words(['echo', `url=${protocol}//${host}\nusername=gitlab-ci-token`]);
  writer.line(`${request} | ${writer.words(['git', 'credential', 'reject'])} || true`);
}

function seedGlobalConfig(writer: BashWriter, url: string, strategy: string): void {
  const [seed, external] = [writer.temporary(globalConfig), writer.temporary(externalConfig)];
  writer.removeFile(seed);
  for (const own of ['$HOME/.gitconfig', '$HOME/.config/git/config'])
    writer.when(`[ -r "${own}" ]`, () => {
      writer.expanding('git', 'config', '--file', seed, '--add', 'include.path', own);
    });
  writer.expanding('git', 'config', '--file', seed, '--add', 'include.path', external);
  if (strategy !== 'none' && strategy !== 'empty') return;
  writer.removeFile(external);
  addHelper(writer, url, external);
}

function addHelper(writer: BashWriter, url: string, file: string): void {
  const { protocol, host } = new URL(url);
  const section = `credential.${protocol}//${host}`;
  const program = `!f(){ if [ "$1" = "get" ] ; then echo "password=\${CI_JOB_TOKEN}" ; fi ; } ; f`;
  const config = `git config -f "${file}"`;
  const key = (name: string): string => writer.quoted(`${section}.${name}`);
  writer.line(
    `${config} --replace-all ${key('helper')} "" && ${config} --add ${key('helper')} ${writer.quoted(program)} && ${config} ${key('username')} gitlab-ci-token`,
  );
}

function fetch(writer: BashWriter, git: JobPayload['git_info'], { project, valueOf }: GitPlace): void {
  const template = writer.temporary('git-template');
  const [templateConfig, external] = [join(template, 'config'), writer.temporary(externalConfig)];
  const include = (file: string, path: string): void => {
    writer.expanding('git', 'config', '--file', file, '--replace-all', 'include.path', path, '\\.gitlab-runner\\.ext\\.conf$');
  };
  writer.command('mkdir', '-p', template);
  for (const [key, value] of [
    ['init.defaultBranch', 'none'],
    ['fetch.recurseSubmodules', 'false'],
    ['credential.interactive', 'never'],
    ['gc.autoDetach', 'false'],
  ] as const)
    writer.command('git', 'config', '-f', templateConfig, key, value);
  writer.removeFile(external);
  if (writer.isOn('FF_USE_GITALY_CORRELATION_ID'))
    writer.expanding('git', 'config', '-f', external, 'http.extraHeader', 'X-Gitaly-Correlation-ID: 01TEST');
  if (writer.isOn('FF_USE_GIT_BUNDLE_URIS')) writer.expanding('git', 'config', '-f', external, 'transfer.bundleURI', 'true');
  if (writer.isOn('FF_GIT_URLS_WITHOUT_TOKENS')) addHelper(writer, git.repo_url, external);
  include(templateConfig, external);
  writer.exportRaw('GLR_EXT_GIT_CONFIG_PATH', external);
  writer.notice(git.depth > 0 ? `Fetching changes with git depth set to ${git.depth}...` : 'Fetching changes...');
  writer.command('git', 'init', project, '--template', template);
  writer.command('cd', project);
  writer.when(
    `${writer.words(['git', 'remote', 'add', 'origin', git.repo_url])} >/dev/null 2>&1`,
    () => {
      writer.notice('Created fresh repository.');
    },
    () => {
      writer.command('git', 'remote', 'set-url', 'origin', git.repo_url);
      include('.git/config', '$GLR_EXT_GIT_CONFIG_PATH');
    },
  );
  const depth = git.depth > 0 ? ['--depth', String(git.depth)] : [];
  const agent = ['-c', 'http.userAgent=gitlab-runner 19.4.0 linux/amd64'];
  const flags = flagsOf(valueOf('GIT_FETCH_EXTRA_FLAGS'), ['--prune', '--quiet']);
  writer.command('git', ...agent, 'fetch', 'origin', '--no-recurse-submodules', ...git.refspecs, ...depth, ...flags);
}

function checkOut(writer: BashWriter, git: JobPayload['git_info'], { valueOf }: GitPlace): void {
  if (valueOf('GIT_CHECKOUT') === 'false') return;
  writer.notice(`Checking out ${git.sha.slice(0, 8)} as detached HEAD (ref is ${git.ref})...`);
  writer.command('git', '-c', 'submodule.recurse=false', 'checkout', '-f', '-q', git.sha);
  const flags = flagsOf(valueOf('GIT_CLEAN_FLAGS'), ['-ffdx']);
  if (flags.length > 0) writer.command('git', 'clean', ...flags);
}

function updateSubmodules(writer: BashWriter, { valueOf }: GitPlace): void {
  const paths = valueOf('GIT_SUBMODULE_PATHS').split(/\s+/).filter(Boolean);
  const pathArgs = paths.length > 0 ? ['--', ...paths] : [];
  const recursive = valueOf('GIT_SUBMODULE_STRATEGY') === 'recursive' ? ['--recursive'] : [];
  const clean = ['git', 'clean', ...flagsOf(valueOf('GIT_CLEAN_FLAGS'), ['-ffdx'])];
  const forEach = ['git', 'submodule', 'foreach', ...recursive];
  writer.notice('Updating/initializing submodules...');
  writer.command('git', 'submodule', 'init');
  writer.command('git', 'submodule', 'sync', ...recursive, ...pathArgs);
  writer.command(...forEach, ...clean);
  writer.command(...forEach, 'git', 'reset', '--hard');
  const flags = flagsOf(valueOf('GIT_SUBMODULE_UPDATE_FLAGS'), []);
  const include = ['-c', 'include.path=$GLR_EXT_GIT_CONFIG_PATH'];
  writer.expanding('git', ...include, 'submodule', 'update', '--init', ...recursive, ...flags, ...pathArgs);
  writer.command(...forEach, ...clean);
}

function flagsOf(value: string, defaults: readonly string[]): readonly string[] {
  if (value === '') return defaults;
  return value === 'none' ? [] : value.split(/\s+/).filter(Boolean);
}

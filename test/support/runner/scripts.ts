// SPDX-License-Identifier: GPL-3.0-or-later
// The scripts that a runner writes for bash: one that evaluates, behind a pipe, a text which sets the job's variables first.
import { join } from 'node:path';
import type { JobPayload, PayloadArtifact } from './payload.ts';
import type { JobVariable } from './variables.ts';

/** What a script of a job depends on besides the job. */
export interface ScriptPlace {
  readonly variables: readonly JobVariable[];
  /** absolute path of the project */
  readonly project: string;
  /** of GitLab, for `artifacts-uploader` */
  readonly url: string;
}

/**
 * The script of a sub-stage.
 * @param stage - as the driver is told, but for `step_script`
 * @returns `undefined` when there is nothing to do: the runner then leaves the sub-stage out
 */
export function stageScript(stage: string, payload: JobPayload, place: ScriptPlace): string | undefined {
  const lines = linesOf(stage, payload, place);
  if (!lines) return undefined;
  const exports = place.variables.map(({ key, value }) => `export ${quote(key)}=${quote(value)}`);
  const { value } = place.variables.findLast(({ key }) => key === 'FF_USE_NEW_BASH_EVAL_STRATEGY') ?? { value: 'false' };
  return wholeScript(stage === 'prepare_script' ? lines : [...exports, ...lines], value === 'true');
}

function linesOf(stage: string, payload: JobPayload, { project, url }: ScriptPlace): readonly string[] | undefined {
  const inProject = (lines: readonly string[] | undefined): readonly string[] | undefined =>
    lines && lines.length > 0 ? [`cd ${quote(project)}`, ...lines] : undefined;
  switch (stage) {
    case 'prepare_script':
      return ['echo "Running on $(hostname)..."'];
    case 'get_sources':
      return sourceLines(payload, project);
    case 'clear_worktree':
      return [`if [ -d ${quote(join(project, '.git'))} ]; then`, ...clean(project), 'fi'];
    case 'upload_artifacts_on_success':
      return inProject(uploadLines(payload, url, 'on_success'));
    case 'upload_artifacts_on_failure':
      return inProject(uploadLines(payload, url, 'on_failure'));
    case 'after_script':
      return inProject(stepLines(payload, 'after_script'));
    default: // caches, artifacts of other jobs and variables that are files: no job of the tests has any
      return stage.startsWith('step_') ? inProject(stepLines(payload, stage.slice('step_'.length))) : undefined;
  }
}

function stepLines({ steps }: JobPayload, name: string): readonly string[] | undefined {
  const step = steps.find((one) => one.name === name);
  return step?.script.flatMap((command) => [
    `echo ${quote(`\x1b[32;1m$ ${command.split('\n')[0] ?? ''}\x1b[0;m`)}`,
    command.trim(),
  ]);
}

function sourceLines({ git_info: git, variables }: JobPayload, project: string): readonly string[] {
  if (variables.some(({ key, value }) => key === 'GIT_STRATEGY' && value === 'none'))
    return ["echo 'Skipping Git repository setup'", `mkdir -p ${quote(project)}`];
  const depth = git.depth > 0 ? ` --depth ${String(git.depth)}` : '';
  return [
    `git -c init.defaultBranch=none init --quiet ${quote(project)}`,
    `cd ${quote(project)}`,
    `git remote add origin ${quote(git.repo_url)} 2>/dev/null || git remote set-url origin ${quote(git.repo_url)}`,
    `git fetch origin --no-tags --prune --quiet${depth} ${git.refspecs.map(quote).join(' ')}`,
    `echo ${quote(`Checking out ${git.sha.slice(0, 8)} as detached HEAD (ref is ${git.ref})...`)}`,
    `git -c submodule.recurse=false checkout -f -q ${git.sha}`,
    'git clean -ffdx',
  ];
}

function clean(project: string): readonly string[] {
  return [`  cd ${quote(project)}`, '  rm -rf .git/index.lock', '  git clean -ffdx', '  git reset --hard'];
}

function uploadLines({ id, token, artifacts }: JobPayload, url: string, when: PayloadArtifact['when']): readonly string[] {
  return artifacts
    .filter((artifact) => artifact.when === when || artifact.when === 'always')
    .flatMap(({ name, paths, artifact_type: type, artifact_format: format }) => {
      const where = ['artifacts-uploader', '--url', url, '--token', token, '--id', String(id)];
      const what = [...paths.flatMap((path) => ['--path', path]), '--name', name];
      const words = [...where, ...what, '--artifact-format', format, '--artifact-type', type].map(quote).join(' ');
      return [
        'if gitlab-runner --version >/dev/null 2>&1; then',
        "  echo 'Uploading artifacts...'",
        `  gitlab-runner ${words}`,
        'else',
        "  echo 'Missing gitlab-runner. Uploading artifacts is disabled.'",
        'fi',
      ];
    });
}

/** @param inSubshell - whether a command's exit status becomes that of the script; else it is often 1, as bash has it */
function wholeScript(lines: readonly string[], inSubshell: boolean): string {
  const evaluation = `eval ${quote(`${lines.join('\n')}\n`)}`;
  return [
    '#!/usr/bin/env bash',
    '',
    'trap exit 1 TERM',
    '',
    'if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit',
    'set +o noclobber',
    `: | ${inSubshell ? `(${evaluation})` : evaluation}`,
    'exit 0',
    '',
  ].join('\n');
}

/** A word for bash, in its ANSI-C quotes. */
export function quote(text: string): string {
  if (text === '') return "''";
  if (/^[A-Za-z0-9_./-]+$/.test(text)) return text;
  const escaped = [...Buffer.from(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    if (character === '\\' || character === "'") return `\\${character}`;
    if (character === '\n') return '\\n';
    return byte < 0x20 || byte > 0x7e ? `\\x${byte.toString(16).padStart(2, '0')}` : character;
  });
  return `$'${escaped.join('')}'`;
}

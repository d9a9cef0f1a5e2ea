// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:fs';
import { join } from 'node:path';
import { loaderOf } from './elf.ts';
import { hasAccess } from './file-access.ts';
import { failure, type Finding } from './finding.ts';
import { readRunnerVersion } from './runner-version.ts';

/** PATH of a systemd service, which does not get that of a login shell. */
export const servicePath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * Checks whether the programs that a job needs on the runner's machine are installed.
 * @param path - folders to search
 */
export async function checkPrograms(path: readonly string[]): Promise<readonly Finding[]> {
  return Promise.all([
    checkProgram('git', path, 'it checks projects out: apt-get install git'),
    checkProgram('bash', path, "it runs the runner's scripts: apt-get install bash"),
    checkGitLabRunner(path),
  ]);
}

/** @returns with result `ok`, a finding whose text is the program's path */
async function checkProgram(program: string, path: readonly string[], remedy: string): Promise<Finding> {
  for (const folder of path) {
    const file = join(folder, program);
    if (await hasAccess(file, constants.X_OK)) return { name: program, result: 'ok', text: file };
  }
  return failure(program, `is not in ${path.join(':')}, where services find programs`, remedy);
}

async function checkGitLabRunner(path: readonly string[]): Promise<Finding> {
  const remedy = 'artifacts and caches need it. ln -s "$(command -v gitlab-runner)" /usr/local/bin/';
  const found = await checkProgram('gitlab-runner', path, remedy);
  if (found.result !== 'ok') return found;
  const { result, text } = await readRunnerVersion(found.text);
  const finding = { name: found.name, result, text: `${found.text}: ${text}` };
  const install = 'https://docs.gitlab.com/runner/install/';
  if (result === 'failure') return { ...finding, remedy: install };
  const loader = await loaderOf(found.text).catch(() => undefined); // then its version says that it does not run
  if (loader !== undefined)
    return { ...finding, result: 'warning', text: `${finding.text}. ${needsLoader(loader)}`, remedy: install };
  return result === 'ok' ? finding : { ...finding, remedy: install };
}

function needsLoader(loader: string): string {
  return `Expected a statically linked program, got one that needs ${loader}: caches and artifacts are unpacked in a container, which may lack its libraries. This does not matter with trustJobs`;
}

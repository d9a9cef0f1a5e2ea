// SPDX-License-Identifier: GPL-3.0-or-later
import { execa } from 'execa';

/**
 * What alpy needs from GitLab Runner, with the version that introduced it (see its CHANGELOG.md). `failure`: without it, jobs
 * do not work as documented; `warning`: only jobs that use it are affected.
 */
const needs = [
  { since: [14, 1], result: 'failure', without: 'it does not pass the job to alpy (no JOB_RESPONSE_FILE), so no job runs' },
  { since: [17, 9], result: 'failure', without: 'every job that fails has exit code 1 (no BUILD_EXIT_CODE_FILE)' },
  {
    since: [19, 0],
    result: 'warning',
    without: 'variables of services are not passed on: place services by an alias such as node1',
  },
] as const;

/** The oldest GitLab Runner with which everything except variables of services works. */
const oldestRunner = '17.9';

/** What the version of a GitLab Runner means for jobs. */
export interface VersionVerdict {
  readonly result: 'ok' | 'warning' | 'failure';
  readonly text: string;
}

/** How long `gitlab-runner --version` may take, in `ms`. */
const timeoutMs = 20_000;

/**
 * Asks a GitLab Runner for its version.
 * @param program - absolute path of `gitlab-runner`
 */
export async function readRunnerVersion(program: string): Promise<VersionVerdict> {
  const { stdout } = await execa(program, ['--version'], { reject: false, stdin: 'ignore', timeout: timeoutMs });
  return judgeRunnerVersion(stdout);
}

/** What the output of `gitlab-runner --version` means for jobs. Pure. */
export function judgeRunnerVersion(output: string): VersionVerdict {
  const version = /^Version:\s*v?((\d+)\.(\d+)\S*)/m.exec(output);
  if (!version)
    return {
      result: 'warning',
      text: `its version is unknown; ${oldestRunner} or newer is needed, 19.0 for variables of services`,
    };
  const [, name = '', major, minor] = version;
  const missing = needs.filter(({ since: [since, sinceMinor] }) => isOlder([Number(major), Number(minor)], [since, sinceMinor]));
  const [first] = missing;
  if (!first) return { result: 'ok', text: name };
  return {
    result: first.result,
    text: `${name}: ${missing.map(({ since, without }) => `before ${since.join('.')} ${without}`).join('; ')}`,
  };
}

function isOlder([major, minor]: readonly [number, number], [sinceMajor, sinceMinor]: readonly [number, number]): boolean {
  return major === sinceMajor ? minor < sinceMinor : major < sinceMajor;
}

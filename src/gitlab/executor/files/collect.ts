// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sessionFiles } from '../../../session/index.ts';
import type { DriverContext } from '../driver-context.ts';
import { jobPaths, projectDirectory } from '../paths.ts';
import { runFileScript } from './file-script.ts';

/** Where the testbed's files go, relative to the project. `artifacts:paths` picks them up there. */
export const artifactFolder = 'alpy-out/testbed';

/**
 * For `sh`: turns every part of the path `$2` below the project `$1` into a real folder, and removes all links in the last one.
 * Otherwise the copy would write through links of the job, for example into git's settings in the runner's temporary folder.
 */
export const realFoldersScript = `mkdir -p -- "$1"
path=$1 rest=$2
while [ -n "$rest" ]; do
  path=$path/\${rest%%/*}
  case $rest in */*) rest=\${rest#*/};; *) rest=;; esac
  if [ -L "$path" ] || { [ -e "$path" ] && [ ! -d "$path" ]; }; then rm -f -- "$path"; fi
  [ -d "$path" ] || mkdir -- "$path"
done
find "$path" -type l -delete
`;

/**
 * For `sh`: gives everything below `$3` to the user `$4` and the group `$5`, if given, and lets that user read it. Scripts of a job
 * run as root. An ordinary user could not upload what they write under umask 077.
 */
const changeOwnerScript = `if [ $# -gt 3 ]; then
  find "$3" ! -user "$4" -exec chown -h "$4:$5" {} +
  find "$3" -type d ! -perm -u+rwx -exec chmod u+rwx {} + -o -type f ! -perm -u+r -exec chmod u+r {} +
fi`;

/** The runner's user and group; empty for root, who may read everything. */
function runnerUser(): readonly string[] {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  return uid === 0 ? [] : [String(uid), String(gid)];
}

/**
 * Copies captures, console logs and events into the project, in a container that sees only the two folders. Also makes the files
 * that scripts of the job wrote readable for the runner.
 * @throws EnvironmentError when they cannot be copied
 */
export async function collectFiles(context: DriverContext, signal: AbortSignal): Promise<void> {
  const { settings, job } = context;
  const paths = jobPaths(settings, job);
  const from = join(paths.session, sessionFiles.testbed);
  if (!existsSync(from)) return; // there never was a testbed
  const task = {
    script: `${realFoldersScript}cp -R /alpy/testbed/. "$path" && chmod -R a+rX "$path"; ${changeOwnerScript}`,
    args: [projectDirectory(context), artifactFolder, paths.builds, ...runnerUser()],
    mounts: [
      { source: from, target: '/alpy/testbed', readOnly: true },
      { source: paths.builds, target: paths.builds, readOnly: false },
    ],
    what: 'copy the files of the testbed into the project',
  };
  await runFileScript(context, task, signal);
}

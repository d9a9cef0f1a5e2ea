// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { jobPaths } from './paths.ts';
import type { Surroundings } from './plan.ts';
import type { StageIo } from './prepare.ts';
import { runTool } from './tool.ts';

/** Prints and removes the links below `$1` that lead out of it; -m, since what they lead to need not be there. */
const script = `find "$1" -type l -exec sh -c '
root=$1; shift
for link; do
  case $(readlink -m -- "$link") in "$root"/*) ;; *) rm -f -- "$link"; printf "%s\\n" "$link";; esac
done' sh "$1" {} +`;

/**
 * Removes symbolic links that lead out of a job's folder, and tells of them. GitLab Runner follows links when it packs and
 * unpacks artifacts and caches: by one to /etc a job would read, or write, files of the runner's machine.
 * @throws EnvironmentError when it cannot be done; nothing may be packed or unpacked then
 */
export async function dropForeignLinks(around: Surroundings, { say, signal }: StageIo): Promise<void> {
  const { builds } = jobPaths(around.settings, around.job);
  if (around.settings.trustJobs || !existsSync(builds)) return;
  const mounts = [{ source: builds, target: builds, readOnly: false }];
  const what = `look for links that lead out of ${builds}`;
  const dropped = await runTool(around, { script, args: [builds], mounts, what }, signal);
  for (const link of dropped.split('\n').slice(0, -1))
    say(`removed the link ${JSON.stringify(link)}: it leads out of the project, and artifacts and caches would follow it`);
}

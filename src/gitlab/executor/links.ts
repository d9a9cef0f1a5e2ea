// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { jobPaths } from './paths.ts';
import type { Surroundings } from './plan.ts';
import type { StageIo } from './prepare.ts';
import { runTool } from './tool.ts';

/** For `sh`: removes the links below `$1` that lead out of it, and tells each; -m, since what they lead to need not be there. */
export const dropLinks = `find "$1" -type l -exec sh -c '
root=$1; shift
for link; do
  case $(readlink -m -- "$link") in "$root"/*) ;; *) rm -f -- "$link"; printf "link\\0%s\\0" "$link";; esac
done' sh "$1" {} +
`;

const complaints: Readonly<Record<string, (path: string) => string>> = {
  link: (path) => `removed the link ${path}: it leads out of the project, and artifacts and caches would follow it`,
  special: (path) =>
    `removed ${path}: expected files, folders and links, got a device, pipe or socket, which artifacts cannot have`,
  inTheWay: (path) => `removed ${path}: expected a folder, as the project belongs there`,
};

/** What a tool printed of things that it removed, as lines for the job's log. Pure. */
export function toldRemovals(printed: string): readonly string[] {
  const words = printed.split('\0');
  const lines: string[] = [];
  for (let index = 0; index + 1 < words.length; index += 2)
    lines.push(complaints[words[index] ?? '']?.(JSON.stringify(words[index + 1])) ?? '');
  return lines;
}

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
  const printed = await runTool(around, { script: dropLinks, args: [builds], mounts, what }, signal);
  for (const line of toldRemovals(printed)) say(line);
}

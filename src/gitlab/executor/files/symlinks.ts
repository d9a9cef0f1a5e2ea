// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { jobPaths, projectDirectory } from '../paths.ts';
import type { DriverContext, StageIo } from '../driver-context.ts';
import { runFileScript } from './file-script.ts';

/**
 * For `sh`: removes the links below `$1` that may lead out of the folder `$2` in it, and tells each. It goes by what a link says
 * and not by where it leads now: that depends on who follows it, as with /proc/self/cwd, and on what is unpacked later. A link
 * stays if it climbs to no more than `$2` from where it is and then only goes down, or begins with `$2`; so one that follows such
 * links only never gets out.
 */
export const removeLinksScript = `find "$1" -type l -exec sh -c '
root=$1; shift
stays() {
  dir=\${1%/*}
  case $dir/ in "$root"/*) ;; *) return 1;; esac
  target=$(readlink -n -- "$1" && echo .) || return 1
  rest=\${target%.}
  case $rest in
    "$root"/*) rest=\${rest#"$root"/};;
    /*) return 1;;
    *) while :; do case $rest in
      ./*) rest=\${rest#./};;
      ..|../*) [ "$dir" != "$root" ] || return 1; dir=\${dir%/*}; rest=\${rest#..}; rest=\${rest#/};;
      *) break;;
    esac; done;;
  esac
  case /$rest/ in */../*) return 1;; esac
}
for link; do stays "$link" || { rm -f -- "$link" && printf "link\\0%s\\0" "$link"; } || exit 1; done
' sh "$2" {} +
`;

const complaints: Readonly<Record<string, (path: string) => string>> = {
  link: (path) => `removed the link ${path}: it leads out of the project, and artifacts and caches would follow it`,
  special: (path) =>
    `removed ${path}: expected files, folders and links, got a device, pipe or socket, which artifacts cannot have`,
  inTheWay: (path) => `removed ${path}: expected a folder, as the project belongs there`,
};

/** What a tool printed of things that it removed, as lines for the job's log. Pure. */
export function removalMessages(printed: string): readonly string[] {
  const words = printed.split('\0');
  const lines: string[] = [];
  for (let index = 0; index + 1 < words.length; index += 2)
    lines.push(complaints[words[index] ?? '']?.(JSON.stringify(words[index + 1])) ?? '');
  return lines;
}

/**
 * Removes symbolic links that lead out of a job's project, and tells of them. GitLab Runner follows links when it packs and
 * unpacks artifacts and caches: by one to /etc a job would read, or write, files of the runner's machine.
 * @throws EnvironmentError when it cannot be done; nothing may be packed or unpacked then
 */
export async function removeEscapingLinks(context: DriverContext, { log, signal }: StageIo): Promise<void> {
  const { builds } = jobPaths(context.settings, context.job);
  if (context.settings.trustJobs || !existsSync(builds)) return;
  const project = projectDirectory(context);
  const mounts = [{ source: builds, target: builds, readOnly: false }];
  const what = `look for links that lead out of ${project}`;
  const printed = await runFileScript(context, { script: removeLinksScript, args: [builds, project], mounts, what }, signal);
  for (const line of removalMessages(printed)) log(line);
}

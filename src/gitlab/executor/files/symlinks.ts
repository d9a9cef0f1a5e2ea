// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import type { DriverContext, StageIo } from '../driver-context.ts';
import { jobPaths, projectDirectory } from '../paths.ts';
import { runFileScript } from './file-script.ts';

/**
 * For `sh`: removes links below `$1` that may lead out of the folder `$2` in it, and prints each. It judges a link by its text and
 * not by where it leads now, because that can change: it depends on the process that follows it, as with /proc/self/cwd, and on
 * what is unpacked later. A link stays if it climbs no higher than `$2` and then only descends, or if it begins with `$2` and only
 * descends. Following such links never leads out.
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

/** Messages by the kind of the removed file, as the scripts print it. */
const messages: Readonly<Record<string, (path: string) => string>> = {
  link: (path) => `removed the link ${path}: it leads out of the project, and artifacts and caches would follow it`,
  special: (path) => `removed ${path}: it is a device, pipe or socket; artifacts may contain only files, folders and links`,
  inTheWay: (path) => `removed ${path}: the path to the project needs a folder there`,
};

/**
 * Turns the output of a script that removed files into lines for the job's log. Pure.
 * @param output - pairs of kind and path, each ended by NUL
 */
export function removalMessages(output: string): readonly string[] {
  const fields = output.split('\0');
  const lines: string[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2)
    lines.push(messages[fields[index] ?? '']?.(JSON.stringify(fields[index + 1])) ?? '');
  return lines;
}

/**
 * Removes symbolic links that lead out of the job's project, and logs them. GitLab Runner follows links when it packs and unpacks
 * artifacts and caches: through a link to /etc a job could read or write files of the runner's machine.
 * @throws EnvironmentError when that fails; then nothing may be packed or unpacked
 */
export async function removeEscapingLinks(context: DriverContext, { log, signal }: StageIo): Promise<void> {
  const { builds } = jobPaths(context.settings, context.job);
  if (context.settings.trustJobs || !existsSync(builds)) return;
  const project = projectDirectory(context);
  const mounts = [{ source: builds, target: builds, readOnly: false }];
  const what = `remove links that lead out of ${project}`;
  const output = await runFileScript(context, { script: removeLinksScript, args: [builds, project], mounts, what }, signal);
  for (const line of removalMessages(output)) log(line);
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Copies the files that `--path` names to the folder `--url`/`--id`; the real gitlab-runner uploads an archive. Like the real one, it
 * expands `$NAME` in paths from its environment, and reads whatever is at a path, even devices and pipes. Like the real one with
 * FF_USE_FASTZIP=false, it unpacks absolute names and `..`.
 */
const standIn = `#!/usr/bin/env bash
# Stand-in for the commands of gitlab-runner that the runner's scripts call.
set -euo pipefail
shopt -s globstar nullglob dotglob
[ "$1" != --version ] || { echo 'Version: 19.4.0 (stand-in)'; exit 0; }
command=$1; shift
paths=() url='' id='' archive=''
while [ $# -gt 0 ]; do
  case $1 in
    --path) paths+=("$2") ;;
    --url) url=$2 ;;
    --id) id=$2 ;;
    --file) archive=$2 ;;
  esac
  shift 2
done
found=()
IFS=''
for path in "\${paths[@]}"; do
  while [[ $path =~ \\$\\{?([A-Za-z_][A-Za-z0-9_]*)\\}? ]]; do
    name=\${BASH_REMATCH[1]}
    path=\${path/"\${BASH_REMATCH[0]}"/"\${!name-}"}
  done
  for file in $path; do [ ! -e "$file" ] || found+=("$file"); done
done
case $command in
  artifacts-uploader)
    [ \${#found[@]} -gt 0 ] || { echo 'ERROR: No files to upload'; exit 0; }
    echo "found \${#found[@]} matching artifact files and directories"
    mkdir -p "\${url#file://}/$id"
    cp --recursive --copy-contents --dereference --parents -- "\${found[@]}" "\${url#file://}/$id" ;;
  cache-archiver) mkdir -p "$(dirname "$archive")"; tar -cf "$archive" -- "\${found[@]}" ;;
  cache-extractor) tar --absolute-names -xf "$archive" ;;
  *) echo "no such command: $command" >&2; exit 1 ;;
esac
`;

/** Reports its version, but never finishes an upload, as if GitLab did not answer. */
const waiting = `#!/bin/sh
[ "$1" != --version ] || exit 0
echo 'uploading for ever'
exec sleep 1000
`;

/** Creates a folder with a program `gitlab-runner`. */
export async function writeStandIn(folder: string, kind: 'copies' | 'waits'): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'gitlab-runner'), kind === 'copies' ? standIn : waiting, { mode: 0o755 });
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Copies what `--path` names to the folder `--url`/`--id`, links followed; the real one uploads an archive. */
const uploader = `#!/usr/bin/env bash
# Stands in for gitlab-runner, as far as the runner's own scripts call it.
set -euo pipefail
shopt -s globstar nullglob dotglob
[ "$1" != --version ] || { echo 'Version: 19.4.0 (stand-in)'; exit 0; }
[ "$1" = artifacts-uploader ]; shift
paths=() url='' id=''
while [ $# -gt 0 ]; do
  case $1 in
    --path) paths+=("$2") ;;
    --url) url=$2 ;;
    --id) id=$2 ;;
  esac
  shift 2
done
mkdir -p "\${url#file://}/$id"
IFS=''
for path in "\${paths[@]}"; do
  found=()
  for file in $path; do [ ! -e "$file" ] || found+=("$file"); done
  [ \${#found[@]} -gt 0 ] || { echo "WARNING: $path: no matching files"; continue; }
  echo "$path: found \${#found[@]} matching artifact files and directories"
  cp --recursive --dereference --parents -- "\${found[@]}" "\${url#file://}/$id"
done
`;

/** Says that it is there, and then does not come to an end: GitLab does not answer. */
const waiting = `#!/bin/sh
[ "$1" != --version ] || exit 0
echo 'uploading for ever'
exec sleep 1000
`;

/** Makes a program `gitlab-runner` in a folder, which is made too. */
export async function writeStandIn(folder: string, kind: 'copies' | 'waits'): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'gitlab-runner'), kind === 'copies' ? uploader : waiting, { mode: 0o755 });
}

// SPDX-License-Identifier: GPL-3.0-or-later
// The runner's scripts set all variables of the job first. On the runner's machine, only a few of these may reach programs.
import { externalGitConfig, globalGitConfig } from '../paths.ts';

/**
 * Variables of a job that programs on the runner's machine get: they tell git and gitlab-runner how to work. None of them names a
 * program to run, a library to load or a file to write. All others are withheld, because hundreds of names mean something to some
 * program: PATH, LD_PRELOAD, AWS_CONFIG_FILE, LANGUAGE, …
 */
const safeVariables = [
  ...['CI', 'CI_*', 'GITLAB_*', 'FF_*', 'RUNNER_TEMP_PROJECT_DIR'],
  ...['GCM_INTERACTIVE', 'GIT_TERMINAL_PROMPT', 'GIT_LFS_SKIP_SMUDGE'],
  ...['GIT_SSL_NO_VERIFY', 'GIT_SSL_CAINFO', 'GIT_SSL_CAPATH', 'GIT_SSL_CERT', 'GIT_SSL_KEY', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'],
  ...['ARTIFACT_COMPRESSION_LEVEL', 'CACHE_COMPRESSION_LEVEL', 'CACHE_COMPRESSION_FORMAT', 'CACHE_CHUNK_SIZE'],
  ...['CACHE_CONCURRENCY', 'CACHE_TRANSFER_BUFFER_SIZE', 'TRANSFER_METER_FREQUENCY', 'FASTZIP_*'],
];

/**
 * Text for `bash -c` that sources the script named by its first argument, with an `export` that passes on only safe variables. The
 * script cannot undo that: bash prefers functions to builtins unless it is in POSIX mode, and only withheld variables could switch
 * that on.
 *
 * `gitlab-runner` expands variables in `--path`, `--exclude` and `--name`. Since it does not get withheld variables, a function
 * inserts their values into these arguments, escaped. Pure.
 * @param temporary - folder where the runner keeps git's settings of the job
 * @param allow - more variables that programs get; `*` stands for anything
 */
export function filteringShell(temporary: string, allow: readonly string[]): string {
  const patterns = [...safeVariables, ...allow].join('|');
  const gitSettings = [
    `GIT_CONFIG_GLOBAL=${temporary}/${globalGitConfig}`,
    `GLR_EXT_GIT_CONFIG_PATH=${temporary}/${externalGitConfig}`,
  ];
  return `set +o posix
declare -A withheld_variables=()
export() {
  local - word name
  set +o xtrace
  for word; do
    name=\${word%%=*}
    [[ $name =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || continue
    case $name in
      ${patterns}) builtin export "$word"; continue ;;
    esac
    case $word in
      ${gitSettings.map(quote).join('|')}) builtin export "$word" ;;
      *=*) withheld_variables[$name]=\${word#*=} ;;
    esac
  done
}
gitlab-runner() {
  local - rest text value name words=()
  set +o xtrace
  while [ $# -gt 0 ]; do
    words+=("$1")
    case $1 in
      --path|--exclude|--name)
        rest=\${2-} text=
        while [[ $rest =~ ^([^$]*)(\\$\\{([A-Za-z_][A-Za-z0-9_]*)\\}|\\$([A-Za-z_][A-Za-z0-9_]*))(.*)$ ]]; do
          rest=\${BASH_REMATCH[5]} name=\${BASH_REMATCH[3]}\${BASH_REMATCH[4]} value=\${BASH_REMATCH[2]}
          text+=\${BASH_REMATCH[1]}
          if [ -n "\${withheld_variables[$name]+set}" ]; then
            value=\${withheld_variables[$name]}
            value=\${value//\\\\/\\\\\\\\}
            value=\${value//\\$/\\\\$}
            value=\${value//\\\`/\\\\\\\`}
          fi
          text+=$value
        done
        words+=("$text$rest")
        [ $# -lt 2 ] || shift ;;
    esac
    shift
  done
  command gitlab-runner "\${words[@]}"
}
. "$1"
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

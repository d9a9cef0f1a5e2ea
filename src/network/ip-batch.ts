// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * A shell command that runs several commands of ip(8) in one process, because starting a process costs as much as many commands.
 * It stops at the first command that fails. Pure.
 * @param commands - without the leading `ip`
 * @param option - of ip(8), for all of them
 */
export function ipBatch(commands: readonly string[], option?: string): string {
  return `ip ${option === undefined ? '' : `${option} `}-batch - <<'END'\n${commands.join('\n')}\nEND`;
}

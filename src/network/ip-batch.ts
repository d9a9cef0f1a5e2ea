// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * A shell command that runs several commands of ip(8) in one process, because starting a process costs as much as many commands.
 * It stops at the first command that fails. Pure.
 * @param commands - without the leading `ip`
 */
export function ipBatch(commands: readonly string[]): string {
  return `ip -batch - <<'END'\n${commands.join('\n')}\nEND`;
}

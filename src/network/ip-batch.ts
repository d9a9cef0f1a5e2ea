// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * A line of shell that runs commands of ip(8) in one process of it: each process costs as much as many commands. It stops at
 * the first that fails. Pure.
 * @param commands - without the `ip` before them
 */
export function ipBatch(commands: readonly string[]): string {
  return `ip -batch - <<'END'\n${commands.join('\n')}\nEND`;
}

// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * A shell command that runs several commands of ip(8) in one process, because starting a process costs as much as many commands.
 * It stops at the first command that fails. Pure.
 * @param commands - without the leading `ip`
 * @param option - of ip(8), for all of them
 */
export function ipBatch(commands: readonly string[], option?: string): string {
  return batch(`ip ${option === undefined ? '' : `${option} `}-batch -`, commands);
}

/** The same for tc(8). Pure. @param commands - without the leading `tc` */
export function tcBatch(commands: readonly string[]): string {
  return batch('tc -batch -', commands);
}

function batch(program: string, commands: readonly string[]): string {
  return `${program} <<'END'\n${commands.join('\n')}\nEND`;
}

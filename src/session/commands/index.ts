// SPDX-License-Identifier: GPL-3.0-or-later
import type { SessionCommand } from './command.ts';
import { captureCommand } from './capture.ts';
import { consoleCommand, dutCommand } from './device.ts';
import { configureCommand, execCommand } from './exec.ts';
import { linkCommand } from './link.ts';
import { statusCommand } from './status.ts';

export { parseCommandLine, type SessionCommand } from './command.ts';

/** The commands that act on the testbed of a session. */
export const sessionCommands: readonly SessionCommand[] = [
  execCommand,
  configureCommand,
  consoleCommand,
  dutCommand,
  linkCommand,
  captureCommand,
  statusCommand,
];

/** What `alpy COMMAND --help` prints. */
export function commandHelp({ name, usage, describe, help = [] }: SessionCommand): string {
  return [`alpy ${name} ${usage}`, '', describe, ...(help.length === 0 ? [] : ['']), ...help.map((line) => `  ${line}`)].join(
    '\n',
  );
}

/** What `alpy help` prints in a job's container, where only these commands exist. */
export function allHelp(): string {
  const lines = sessionCommands.map(({ name, usage, describe }) => `  alpy ${name} ${usage}\n      ${describe}`);
  return ['Acts on the testbed of this job.', '', ...lines].join('\n');
}

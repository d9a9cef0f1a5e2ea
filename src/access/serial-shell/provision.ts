// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { durationText } from '../../core/text.ts';
import { ConsoleTimeoutError } from '../../console/index.ts';
import type { RemoteShell } from './shell.ts';

/**
 * Runs the commands of `appliance.provision` in the time that is left for the boot.
 * @param rest - returns how much time is left
 * @param bootTimeoutMs - the time for the whole boot, in `ms`
 * @throws EnvironmentError when they take longer, and what {@link RemoteShell.run} throws
 */
export async function provision(
  shell: Pick<RemoteShell, 'run'>,
  commands: readonly string[],
  rest: () => Wait,
  bootTimeoutMs: number,
): Promise<void> {
  for (const command of commands) {
    try {
      await shell.run(command, rest());
    } catch (cause) {
      if (!(cause instanceof ConsoleTimeoutError)) throw cause;
      const limit = `appliance.bootTimeoutMs (${durationText(bootTimeoutMs)} with the time factor)`;
      const message = `appliance.provision did not end within ${limit}. Raise it, or make the commands faster: ${cause.message}`;
      throw new EnvironmentError(message, { cause });
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { EnvironmentError } from '../core/errors.ts';
import { ConsoleTimeoutError, type RemoteShell } from '../console/index.ts';

/**
 * Runs the commands of `appliance.provision` in what is left of the time for the boot.
 * @param rest - how much is left
 * @param bootTimeoutMs - the time for all of the boot, in `ms`
 * @throws EnvironmentError when they take longer, and what {@link RemoteShell.run} throws
 */
export async function provision(
  shell: RemoteShell,
  commands: readonly string[],
  rest: () => Wait,
  bootTimeoutMs: number,
): Promise<void> {
  for (const command of commands) {
    try {
      await shell.run(command, rest());
    } catch (cause) {
      if (!(cause instanceof ConsoleTimeoutError)) throw cause;
      const limit = `appliance.bootTimeoutMs (${bootTimeoutMs} ms with the time factor)`;
      throw new EnvironmentError(
        `appliance.provision did not end within ${limit}. Raise it, or make the commands faster: ${cause.message}`,
        {
          cause,
        },
      );
    }
  }
}

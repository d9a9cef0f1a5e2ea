// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import { markHandled } from '../core/mark-handled.ts';
import { log } from '../core/step.ts';
import { quoteWord } from '../core/text.ts';
import { CommandError, type OpeningCommand, type RemoteShell } from '../console/index.ts';
import { clockCommandAt, usualClockCommand } from './clock-command.ts';
import type { Appliance } from './dut-parts.ts';

/** A command that ends the boot in which it is run. */
export interface LastCommand {
  /** the key of the configuration that sets it */
  readonly key: 'rebootCommand' | 'powerOffCommand';
  /** what to run if nothing is set */
  readonly usual: string;
  /** settles when it has had its effect */
  readonly done: (wait: Wait) => Promise<void>;
}

/** The command as it is typed: by `appliance.become`, if that is set. Pure. */
export function ownCommand({ become }: Appliance, command: string): string {
  return become === undefined ? command : `${become} sh -c ${quoteWord(command)}`;
}

/** What sets the clock of a restored guest; undefined if the configuration wants nothing to be set. */
export function clockSetting(appliance: Appliance): OpeningCommand | undefined {
  const { clockCommand, become } = appliance;
  if (clockCommand === '') return undefined;
  return {
    title: 'Set the clock',
    text: () => ownCommand(appliance, clockCommandAt(clockCommand ?? usualClockCommand, Date.now())),
    judge: (error) => {
      const reason = `the guest's clock cannot be set: exit status ${error.exitStatus}, ${error.output.trim() || 'no output'}`;
      const isSet = clockCommand !== undefined || become !== undefined;
      if (!isSet) {
        log(
          'alpy.testbed',
          `warning: ${reason}. The time is that of the snapshot. ${remedy('clockCommand')}, which may be empty`,
        );
        return;
      }
      const keys = [...(clockCommand === undefined ? [] : ['clockCommand']), ...(become === undefined ? [] : ['become'])];
      const named = keys.map((key) => `appliance.${key}`).join(' and ');
      throw new UsageError(`${named}: ${reason}. Correct it, or set appliance.clockCommand to '' to leave the clock alone`);
    },
  };
}

/**
 * Runs a command that ends the boot, and waits until it has had its effect.
 * @throws CommandError at once when the device refuses it, and what `done` throws
 */
export async function runLastCommand(appliance: Appliance, shell: RemoteShell, last: LastCommand, wait: Wait): Promise<void> {
  const command = ownCommand(appliance, appliance[last.key] ?? last.usual);
  const over = new AbortController();
  const signal = wait.signal ? AbortSignal.any([wait.signal, over.signal]) : over.signal;
  const done = last.done({ ...wait, signal });
  const refused = Promise.withResolvers<never>();
  void shell
    .run(command, { ...wait, signal, check: false })
    .then(({ exitStatus, output }) => {
      // one that a signal ended may have been ended by what it has begun
      if (exitStatus === 0 || exitStatus >= 128) return;
      refused.reject(new CommandError(shell.console.name, command, exitStatus, output, remedy(last.key)));
    })
    .catch((error: unknown) => {
      if (over.signal.aborted) return;
      log('alpy.testbed', `${command}: ${messageOf(error).split('\n')[0] ?? ''}`); // it does not live to see its prompt
    });
  try {
    await Promise.race([done, refused.promise]);
  } finally {
    over.abort(new Error(`${command} is over`));
    markHandled(done); // of no interest once the command was refused
  }
}

function remedy(key: string): string {
  return `If the user of appliance.login may not do this, set appliance.become (such as sudo -n) or appliance.${key}`;
}

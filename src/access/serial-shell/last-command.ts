// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import { messageOf } from '../../core/errors.ts';
import { markHandled } from '../../core/mark-handled.ts';
import { log } from '../../core/step.ts';
import { CommandError } from './errors.ts';
import type { RemoteShell } from './shell.ts';

/** A command that ends the boot in which it runs. */
export interface LastCommand {
  readonly command: string;
  /** settles when it has had its effect */
  readonly done: (wait: Wait) => Promise<void>;
  /** what to do if the device refuses it, as a sentence without its full stop */
  readonly advice: string;
}

/**
 * Runs a command that ends the boot, and waits until it has had its effect.
 * @throws CommandError at once when the device refuses it, and what `done` throws
 */
export async function runLastCommand(
  shell: Pick<RemoteShell, 'console' | 'run'>,
  { command, done: waitForEffect, advice }: LastCommand,
  wait: Wait,
): Promise<void> {
  const over = new AbortController();
  const signal = wait.signal ? AbortSignal.any([wait.signal, over.signal]) : over.signal;
  const done = waitForEffect({ ...wait, signal });
  const refused = Promise.withResolvers<never>();
  void shell
    .run(command, { ...wait, signal, check: false })
    .then(({ exitStatus, output }) => {
      if (exitStatus === 0 || exitStatus >= 128) return; // 128 and above: the shutdown that it began may have killed it
      refused.reject(new CommandError(shell.console.name, command, exitStatus, output, advice));
    })
    .catch((error: unknown) => {
      if (over.signal.aborted) return;
      log('alpy.testbed', `${command}: ${messageOf(error).split('\n')[0] ?? ''}`); // usually the device is gone before its prompt
    });
  try {
    await Promise.race([done, refused.promise]);
  } finally {
    over.abort(new Error(`${command} is over`));
    markHandled(done); // nothing waits for it once the command was refused
  }
}

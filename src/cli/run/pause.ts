// SPDX-License-Identifier: GPL-3.0-or-later
import { join, relative } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { longestSocketPath } from '../../core/socket-path.ts';
import { whenAborted } from '../../core/deadline.ts';
import type { PauseOptions } from '../../runner/index.ts';
import { isSessionUp, sessionFiles, stopSession } from '../../session/index.ts';
import type { CliIo } from '../io.ts';
import { sessionDirectory } from '../session.ts';
import type { RunArguments } from './options.ts';
import type { Show } from './show.ts';

/**
 * Pauses the run when a test has failed: says how to look at its testbed, and goes on when the user presses Enter.
 * @throws UsageError if another testbed uses the folder of the session
 */
export async function pauseOptions(io: CliIo, { config: file }: RunArguments, shown: () => Show): Promise<PauseOptions> {
  const directory = await sessionDirectory(io, file);
  if (await isSessionUp(directory))
    throw new UsageError(
      `--pause-on-failure: a testbed is already running in ${directory}. End it with alpy down, or set ALPY_SESSION to another folder`,
    );
  const longest = join(directory, sessionFiles.shared, sessionFiles.console);
  if (Buffer.byteLength(longest) > longestSocketPath)
    throw new UsageError(
      `--pause-on-failure: no socket can have the path ${longest}: it is longer than ${longestSocketPath} bytes. Set ALPY_SESSION to a folder with a shorter path`,
    );
  const goOn = (): void => {
    stopSession(directory).catch((error: unknown) => {
      io.stderr(`alpy: ${String(error)}`);
    });
  };
  whenAborted(io.signal, goOn);
  return {
    directory,
    onPause: (test, problem) => {
      if (problem !== undefined) {
        io.stderr(`alpy: the testbed of ${test.fullName} cannot be kept: ${problem}`);
        return;
      }
      shown().pause(test, howToJoin(io, directory));
      onEnter(() => {
        shown().goOn();
        goOn();
      });
    },
  };
}

function howToJoin(io: CliIo, directory: string): readonly string[] {
  const named = io.env['ALPY_SESSION'];
  const session = named === undefined || named === '' ? [] : [`  export ALPY_SESSION=${relative('', directory)}`];
  return [
    'Its testbed is still running. To look at it, in another terminal:',
    ...session,
    '  alpy console',
    '  alpy exec -i node0 -- sh',
    '  alpy capture --follow',
  ];
}

function onEnter(listener: () => void): void {
  process.stdin.once('data', () => {
    process.stdin.pause();
    listener();
  });
  process.stdin.resume();
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { relative } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import type { RunReport } from '../../report/index.ts';
import type { NextRound, WatchOptions } from '../../runner/index.ts';
import type { CliIo } from '../io.ts';

/** What the watch mode needs from the command. */
export interface WatchParts {
  /** prints the end of a round */
  readonly end: (report: RunReport) => Promise<void>;
  /** begins to show the next round */
  readonly begin: () => Promise<void>;
  /** absolute path of the configuration */
  readonly configFile: string;
  /** checks the configuration after it has changed; throws if it is wrong */
  readonly checkConfig: () => Promise<unknown>;
  /** ends this run; a new one then begins with the new configuration */
  readonly restart: () => void;
}

const keysText = 'Watching for changes. Enter: run all, f: run failed, q: quit';

/** Waits after each round for a key or a changed file. */
export function watchOptions(io: CliIo, parts: WatchParts): WatchOptions {
  return {
    next: async (report, changed) => {
      await parts.end(report);
      for (;;) {
        io.stdout(`\n${keysText}`);
        const choice = await keyOrChange(io.signal, changed);
        if (choice === undefined) return undefined;
        if (typeof choice !== 'string' && choice.has(parts.configFile)) {
          const isGood = await parts.checkConfig().then(
            () => true,
            (error: unknown) => {
              io.stderr(`alpy: ${messageOf(error)}`);
              return false;
            },
          );
          if (!isGood) continue;
          parts.restart();
          return undefined;
        }
        io.stdout(reasonOf(io, choice));
        await parts.begin();
        return choice;
      }
    },
  };
}

function reasonOf(io: CliIo, choice: NextRound): string {
  if (typeof choice === 'string') return `Running ${choice} tests`;
  return `Changed: ${[...choice].map((file) => relative(io.directory, file)).join(', ')}`;
}

/** @returns `undefined` to end */
async function keyOrChange(
  signal: AbortSignal,
  changed: (signal: AbortSignal) => Promise<ReadonlySet<string>>,
): Promise<NextRound | undefined> {
  const { stdin } = process;
  const over = new AbortController();
  const pressed = Promise.withResolvers<NextRound | undefined>();
  const onKey = (data: Buffer): void => {
    const key = data.toString();
    if (key === '\r' || key === '\n') pressed.resolve('all');
    else if (key === 'f') pressed.resolve('failed');
    else if (key === 'q') pressed.resolve(undefined);
    else if (key === '\x03') process.kill(process.pid, 'SIGINT'); // the terminal does not do that in raw mode
  };
  const stop = (): void => {
    pressed.resolve(undefined);
  };
  signal.addEventListener('abort', stop);
  stdin.setRawMode(true);
  stdin.on('data', onKey).resume();
  try {
    return await Promise.race([pressed.promise, changed(over.signal)]);
  } finally {
    over.abort();
    signal.removeEventListener('abort', stop);
    stdin.off('data', onKey).pause();
    stdin.setRawMode(false);
  }
}

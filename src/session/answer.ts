// SPDX-License-Identifier: GPL-3.0-or-later
import { detailLines } from '../core/error-details.ts';
import { AlpyError, messageOf, partsOf, statusByFault, UsageError } from '../core/errors.ts';
import { visibleLines } from '../report/index.ts';
import { stoppedStatus, type Answerer, type Call } from './call.ts';
import { allHelp, commandHelp, sessionCommands } from './commands/index.ts';
import { parseCommandLine } from './commands/command.ts';
import type { Session } from './session.ts';

/**
 * Answers calls by running session commands. Prints errors on the caller's standard error, like the CLI.
 * @param others - runs other commands; returns `undefined` for a session command
 */
export function answererOf(session: Session, others?: (call: Call) => Promise<number | undefined>): Answerer {
  return async (call) => {
    try {
      return (await others?.(call)) ?? (await answer(session, call));
    } catch (error) {
      const { text, status } = describe(error);
      await call.write('err', `alpy: ${visibleLines(text)}\n`);
      return call.signal.aborted ? stoppedStatus : status;
    }
  };
}

interface Description {
  readonly text: string;
  readonly status: number;
}

/** The first of several errors decides the status. */
function describe(error: unknown): Description {
  const parts = partsOf(error).map(describePart);
  return { text: parts.map(({ text }) => text).join('\n'), status: parts[0]?.status ?? statusByFault.bug };
}

function describePart(error: unknown): Description {
  if (error instanceof AlpyError) {
    const lines = [`${error.message} (${error.code})`, ...detailLines(error.details ?? [])];
    return { text: lines.join('\n'), status: statusByFault[error.fault] };
  }
  return { text: error instanceof Error ? (error.stack ?? error.message) : messageOf(error), status: statusByFault.bug };
}

async function answer(session: Session, call: Call): Promise<number> {
  const [name, ...args] = call.args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    await call.write('out', `${allHelp()}\n`);
    return 0;
  }
  const command = sessionCommands.find((one) => one.name === name);
  if (!command) {
    const names = sessionCommands.map((one) => one.name).join(', ');
    throw new UsageError(`there is no command ${JSON.stringify(name)} for a testbed; there are: ${names}`);
  }
  if (args[0] === '--help' || args[0] === '-h') {
    await call.write('out', `${commandHelp(command)}\n`);
    return 0;
  }
  return command.run(session, parseCommandLine(command, args), call);
}

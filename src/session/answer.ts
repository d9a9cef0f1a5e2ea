// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, messageOf, partsOf, statusByFault, UsageError } from '../core/errors.ts';
import type { Answerer, Call } from './call.ts';
import { allHelp, commandHelp, sessionCommands } from './commands/index.ts';
import { parseCommandLine } from './commands/command.ts';
import type { Session } from './session.ts';

/**
 * Answers calls with what the session commands do. Errors are told on the caller's standard error, as the CLI does.
 * @param others - does what is no session command; `undefined` when it is one
 */
export function answererOf(session: Session, others?: (call: Call) => Promise<number | undefined>): Answerer {
  return async (call) => {
    try {
      return (await others?.(call)) ?? (await answer(session, call));
    } catch (error) {
      const { text, status } = describe(error);
      await call.write('err', `alpy: ${text}\n`);
      return call.signal.aborted ? 143 : status;
    }
  };
}

interface Description {
  readonly text: string;
  readonly status: number;
}

/** The first of several decides. */
function describe(error: unknown): Description {
  const parts = partsOf(error).map(describePart);
  return { text: parts.map(({ text }) => text).join('\n'), status: parts[0]?.status ?? statusByFault.bug };
}

function describePart(error: unknown): Description {
  if (error instanceof AlpyError) return { text: `${error.message} (${error.code})`, status: statusByFault[error.fault] };
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
    throw new UsageError(`a testbed cannot do ${JSON.stringify(name)}; it can: ${names}`);
  }
  if (args[0] === '--help' || args[0] === '-h') {
    await call.write('out', `${commandHelp(command)}\n`);
    return 0;
  }
  return command.run(session, parseCommandLine(command, args), call);
}

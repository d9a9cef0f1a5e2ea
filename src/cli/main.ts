// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:os';
import yargs, { type Argv } from 'yargs';
import { detailLines } from '../core/error-details.ts';
import { AlpyError, messageOf, partsOf, statusByFault, StoppedError, UsageError } from '../core/errors.ts';
import { makeRedactor, secretsOf } from '../core/redact.ts';
import { visibleLines } from '../report/text.ts';
import { alpyVersion } from '../version.ts';
import { applianceCommand } from './appliance.ts';
import { cleanCommand } from './clean.ts';
import { configCommand } from './config.ts';
import { doctorCommand } from './doctor.ts';
import { executorCommand } from './executor.ts';
import { imagesCommand } from './images.ts';
import { initCommand } from './init.ts';
import type { CliIo } from './io.ts';
import { keepCommand } from './keep.ts';
import { publishCommand } from './publish.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run.ts';
import { schemaCommand } from './schema.ts';
import { sessionCommandsOf } from './session.ts';
import { snapshotCommand } from './snapshot.ts';
import { downCommand, upCommand } from './up.ts';
import { usageError } from './usage-error.ts';

/** A second signal within this time is ignored, in `ms`: the terminal sends Ctrl-C to npx and to alpy, and npx forwards it to alpy. */
const echoMs = 500;

/** The first of these stops the command cleanly, the second one ends it immediately. */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The CLI.
 * @param args - without the names of Node and the script
 * @param unread - fires when the reader of standard output is gone; the command then ends with status 141, as with SIGPIPE
 * @returns the exit status: 0 passed, 1 a test failed, 2 usage or configuration, 3 environment, 4 a bug of ours, 128 + n
 *   stopped by signal n
 */
export async function main(args: readonly string[], unread?: AbortSignal): Promise<number> {
  const stop = new AbortController();
  let [status, signalStatus, signalMs] = [0, 0, 0];
  const onSignal = (name: NodeJS.Signals): void => {
    const statusOfSignal = 128 + constants.signals[name];
    if (signalStatus !== 0) {
      if (performance.now() - signalMs < echoMs) return;
      process.exit(statusOfSignal);
    }
    signalStatus = statusOfSignal;
    signalMs = performance.now();
    process.stderr.write(`alpy: got ${name}, cleaning up; repeat to stop immediately\n`);
    stop.abort(new StoppedError(`stopped by ${name}`, statusOfSignal));
  };
  for (const name of stopSignals) process.on(name, onSignal);
  unread?.addEventListener('abort', () => {
    if (signalStatus !== 0) return;
    signalStatus = 128 + constants.signals.SIGPIPE;
    stop.abort(new StoppedError('the reader of the output is gone', signalStatus));
  });
  const io: CliIo = {
    env: process.env,
    directory: process.cwd(),
    signal: stop.signal,
    stdout: (line) => process.stdout.write(`${visibleLines(line)}\n`),
    stderr: (line) => process.stderr.write(`${visibleLines(line)}\n`),
    exitWith: (value) => {
      status = value;
    },
  };
  try {
    await parse(args, io);
  } catch (error) {
    if (signalStatus === 0) {
      const errors = partsOf(error); // an error during clean-up must not hide the first one
      io.stderr(makeRedactor(secretsOf(process.env))(errors.map(describe).join('\n')));
      status = errors[0] instanceof AlpyError ? statusByFault[errors[0].fault] : statusByFault.bug;
    }
  } finally {
    for (const name of stopSignals) process.off(name, onSignal);
  }
  return signalStatus === 0 ? status : signalStatus;
}

async function parse(args: readonly string[], io: CliIo): Promise<void> {
  try {
    await parser(forCompletion(args), io).parseAsync();
  } catch (error) {
    if (!(error instanceof YargsError)) throw error;
    throw await usageError(error.message, args, (words) => parser(words, io).getHelp());
  }
}

const completionCommand = 'completion';
const shells = ['bash', 'zsh', 'fish'];

/** yargs takes the shell of `alpy completion SHELL` from the environment. @throws UsageError for an unknown shell */
function forCompletion(args: readonly string[]): readonly string[] {
  const [command, shell, ...others] = args;
  if (command !== completionCommand || shell === undefined || shell.startsWith('-')) return args;
  if (!shells.includes(shell) || others.length > 0)
    throw new UsageError(`alpy completion: expected one of ${shells.join(', ')}, got ${[shell, ...others].join(' ')}`);
  process.env['SHELL'] = shell;
  return [command];
}

function parser(args: readonly string[], io: CliIo): Argv {
  return yargs([...args])
    .scriptName('alpy')
    .usage(
      '$0 COMMAND\n\nTests network appliances: boots the real disk image, wires its NICs to containers, captures every frame.',
    )
    .command(runCommand(io))
    .command(initCommand(io))
    .command(upCommand(io))
    .command([...sessionCommandsOf(io, args)])
    .command(downCommand(io))
    .command(doctorCommand(io))
    .command(imagesCommand(io))
    .command(applianceCommand(io))
    .command(snapshotCommand(io))
    .command(reportCommand(io))
    .command(publishCommand(io))
    .command(configCommand(io))
    .command(schemaCommand(io))
    .command(cleanCommand(io))
    .command(executorCommand(io))
    .command(keepCommand(io))
    .completion(completionCommand, 'Print a script that completes commands and options; for bash, zsh or fish')
    .demandCommand(1, 'expected a command, got none. See alpy --help')
    .strict()
    .version(alpyVersion)
    .alias('version', 'v')
    .help()
    .alias('help', 'h')
    .wrap(100)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      // yargs passes only the message of an error that was thrown while an option was read
      if (error?.name === 'YError') throw new UsageError(error.message, { cause: error });
      throw error ?? new YargsError(message ?? 'wrong arguments. See alpy --help');
    });
}

/** What yargs says about a wrong command line. */
class YargsError extends Error {}

/** The message for the user, with the stack only if the error is a bug of alpy. */
function describe(error: unknown): string {
  if (error instanceof AlpyError && error.fault !== 'bug')
    return [`alpy: ${error.message} (${error.code})`, ...detailLines(error.details ?? [])].join('\n');
  return `alpy: this is a bug in alpy. Please report it:\n${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`;
}

// SPDX-License-Identifier: GPL-3.0-or-later
import yargs, { type Argv } from 'yargs';
import { UsageError } from '../core/errors.ts';
import type { CliIo } from './io.ts';
import { oneValue } from './options.ts';
import { alpyVersion } from '../version.ts';
import { applianceCommand } from './appliance.ts';
import { cleanCommand } from './clean.ts';
import { configCommand } from './config.ts';
import { doctorCommand } from './doctor.ts';
import { executorCommand } from './executor.ts';
import { imagesCommand } from './images.ts';
import { initCommand } from './init.ts';
import { keepCommand } from './keep.ts';
import { publishCommand } from './publish.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run.ts';
import { schemaCommand } from './schema.ts';
import { sessionCommandsOf } from './session.ts';
import { snapshotCommand } from './snapshot.ts';
import { topologyCommand } from './topology.ts';
import { downCommand, upCommand } from './up.ts';
import { usageError } from './usage-error.ts';

/**
 * Parses a command line and runs its command.
 * @param prepare - changes the parser; for tests
 * @throws UsageError if the command line is wrong; what the command throws
 */
export async function parse(args: readonly string[], io: CliIo, prepare: (argv: Argv) => Argv = (argv) => argv): Promise<void> {
  const fail = async (message: string): Promise<never> => {
    throw await usageError(message, args, (words) => parser(words, words, io).getHelp());
  };
  const words = forSession(forCompletion(args), io);
  const inherited = inheritedName(words);
  if (inherited !== undefined) await fail(`Unknown argument: ${inherited}`);
  try {
    await prepare(parser(words, args, io)).parseAsync();
  } catch (error) {
    if (!(error instanceof YargsError)) throw error;
    await fail(error.message);
  }
}

/** The session's process parses what follows its commands. yargs takes it as it is. */
function forSession(args: readonly string[], io: CliIo): readonly string[] {
  const [name = '', ...words] = args;
  return sessionCommandsOf(io, args).some(({ command }) => command === `${name} [words..]`) ? [name, '--', ...words] : args;
}

/** The name of an option that every object has, such as `--constructor`, with which yargs (18.2) fails. */
function inheritedName(args: readonly string[]): string | undefined {
  const end = args.indexOf('--');
  const names = args.slice(0, end < 0 ? args.length : end).flatMap((word) => /^--?([^=]+)/.exec(word)?.[1] ?? []);
  return names.find((name) => {
    const camel = name.replace(/^no-/, '').replace(/-+(.?)/g, (_, letter: string) => letter.toUpperCase());
    return camel in Object.prototype;
  });
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

/**
 * @param words - what yargs parses
 * @param args - of the CLI
 */
function parser(words: readonly string[], args: readonly string[], io: CliIo): Argv {
  return yargs([...words])
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
    .command(topologyCommand(io))
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
    .parserConfiguration({ 'dot-notation': false })
    .check((values, options) => assertSingleValues(values, options as unknown as OptionNames))
    .fail((message: string | null, error: Error | undefined) => {
      // yargs passes only the message of an error that was thrown while an option was read
      if (error?.name === 'YError') throw new UsageError(error.message, { cause: error });
      throw error ?? new YargsError(message ?? 'wrong arguments. See alpy --help');
    });
}

/** yargs makes a list of the values of an option that was given twice. @throws UsageError */
function assertSingleValues(values: Readonly<Record<string, unknown>>, { array, key }: OptionNames): true {
  for (const name of Object.keys(key))
    if (!array.includes(name)) oneValue(name.length === 1 ? `-${name}` : `--${name}`, values[name]);
  return true;
}

/** The options of a command. yargs passes them to checks; its types say that it passes something else. */
interface OptionNames {
  /** all, by name */
  readonly key: Readonly<Record<string, unknown>>;
  /** names of those whose values are lists */
  readonly array: readonly string[];
}

/** What yargs says about a wrong command line. */
class YargsError extends Error {}

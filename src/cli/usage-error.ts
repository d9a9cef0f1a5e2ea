// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';

/** Returns the help text of a command line. */
type HelpOf = (args: readonly string[]) => Promise<string>;

/**
 * Rewords what yargs says about a wrong command line: what was expected, what was found, and what was probably meant.
 * @param message - of yargs
 * @param args - the command line
 */
export async function usageError(message: string, args: readonly string[], helpOf: HelpOf): Promise<UsageError> {
  const names = /^Unknown (?:argument|command)s?: (.+)$/.exec(message)?.[1]?.split(', ');
  const { name, given, choices } =
    /^ *Argument: (?<name>.+?), Given: (?<given>.*), Choices: (?<choices>.*)$/m.exec(message)?.groups ?? {};
  if (names) return unknownWord(names, args, helpOf);
  if (name !== undefined && given !== undefined && choices !== undefined) return wrongChoice(name, given, choices, args);
  return new UsageError(message);
}

/** @param names - the unknown words; options come without dashes, and again in camel case */
async function unknownWord(names: readonly string[], args: readonly string[], helpOf: HelpOf): Promise<UsageError> {
  const wrong = args.find((word) => names.includes(word.replace(/^--?/, '').replace(/=.*/, ''))) ?? names[0] ?? '';
  const word = wrong.replace(/=.*/, '');
  const help = await helpOf(args.slice(0, args.indexOf(wrong)));
  const usage = /^alpy(?: [a-z-]+)*/.exec(help)?.[0] ?? 'alpy';
  const isOption = word.startsWith('-');
  const kind = isOption ? 'unknown option' : help.includes('\nCommands:\n') ? 'unknown command' : 'unexpected argument';
  return new UsageError(
    `${kind} ${word}${guess(word, isOption ? optionsIn(help) : commandsIn(help, usage))} See ${usage} --help`,
  );
}

function wrongChoice(name: string, given: string, choices: string, args: readonly string[]): UsageError {
  const allowed = [...choices.matchAll(/"([^"]*)"/g)].flatMap(([, choice]) => choice ?? []);
  const isOption = args.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  const place = isOption ? `--${name}` : name;
  return new UsageError(
    `${place}: expected one of ${allowed.join(', ')}, got ${given}${guess(given.replaceAll('"', ''), allowed)}`,
  );
}

function guess(wrong: string, known: readonly string[]): string {
  const meant = nearest(wrong, known);
  return meant === undefined ? '.' : `: did you mean ${meant}?`;
}

function optionsIn(help: string): readonly string[] {
  return [...help.matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option);
}

function commandsIn(help: string, usage: string): readonly string[] {
  return [...help.matchAll(new RegExp(`^  ${usage} ([a-z-]+)`, 'gm'))].flatMap(([, command]) => command ?? []);
}

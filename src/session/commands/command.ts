// SPDX-License-Identifier: GPL-3.0-or-later
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { messageOf, UsageError } from '../../core/errors.ts';
import type { Call } from '../call.ts';
import type { Session } from '../session.ts';
import { optionProblem } from './option-problem.ts';

type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

/** A command that acts on the testbed of a session. */
export interface SessionCommand {
  readonly name: string;
  /** the arguments that follow its name: `NODE [-i] -- COMMAND…` */
  readonly usage: string;
  readonly describe: string;
  /** one line per option with its meaning */
  readonly help?: readonly string[];
  readonly options?: NonNullable<ParseArgsConfig['options']>;
  /**
   * Whether a program and its arguments follow these words. They are taken unchanged, even if they look like options.
   */
  readonly startsCommand?: (positionals: readonly string[]) => boolean;
  /** @returns the exit status */
  readonly run: (session: Session, words: ParsedArgs, call: Call) => Promise<number>;
}

/** The arguments of a command. */
export interface ParsedArgs {
  readonly values: Values;
  /** the other arguments before `--` */
  readonly positionals: readonly string[];
  /** all arguments after `--` */
  readonly rest: readonly string[];
}

/** @throws UsageError for an option that the command does not have, or whose value is missing */
export function parseCommandLine(
  { name, usage, options = {}, startsCommand }: SessionCommand,
  args: readonly string[],
): ParsedArgs {
  const end = endOfOptions(args, options, startsCommand);
  const own = args.slice(0, end);
  const rest = args.slice(args[end] === '--' ? end + 1 : end);
  try {
    const { values, positionals } = parseArgs({ args: [...own], options, allowPositionals: true, strict: true });
    return { values, positionals, rest };
  } catch (cause) {
    const reason = optionProblem(own, options) ?? messageOf(cause);
    throw new UsageError(`${reason}\nusage: alpy ${name} ${usage}`, { cause });
  }
}

/** Index of the first argument that can no longer be an option. */
function endOfOptions(
  args: readonly string[],
  options: NonNullable<ParseArgsConfig['options']>,
  startsCommand: SessionCommand['startsCommand'],
): number {
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  const before: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option-terminator') return token.index;
    if (token.kind !== 'positional') continue;
    if (startsCommand?.(before) === true) return token.index;
    before.push(token.value);
  }
  return args.length;
}

/** Returns the value of an option in seconds as `ms`. @throws UsageError when it is not a number above 0 */
export function milliseconds({ values }: ParsedArgs, option: string): number | undefined {
  const text = values[option];
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!(seconds > 0)) throw new UsageError(`--${option}: expected a number of seconds, got ${JSON.stringify(text)}`);
  return seconds * 1000;
}

/** Returns the arguments of a command. @throws UsageError when there are more or fewer than `names` */
export function exactly<const Names extends readonly string[]>(
  { positionals, rest }: ParsedArgs,
  names: Names,
): { readonly [K in keyof Names]: string } {
  const all = [...positionals, ...rest];
  if (all.length !== names.length)
    throw new UsageError(`expected ${names.join(' ') || 'no arguments'}, got ${all.join(' ') || 'none'}`);
  return all as unknown as { readonly [K in keyof Names]: string };
}

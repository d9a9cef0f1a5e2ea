// SPDX-License-Identifier: GPL-3.0-or-later
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { UsageError } from '../../core/errors.ts';
import type { Call } from '../call.ts';
import type { Session } from '../session.ts';

type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

/** A command that acts on a testbed which a keeper holds. */
export interface SessionCommand {
  readonly name: string;
  /** what follows its name: `NODE [-i] -- COMMAND…` */
  readonly usage: string;
  readonly describe: string;
  /** its options with what they mean, a line each */
  readonly help?: readonly string[];
  readonly options?: NonNullable<ParseArgsConfig['options']>;
  /**
   * Whether a program and its words come next, behind these words: they are taken as they are, also what looks like an option
   */
  readonly startsCommand?: (positionals: readonly string[]) => boolean;
  /** @returns the exit status */
  readonly run: (session: Session, words: ParsedArgs, call: Call) => Promise<number>;
}

/** What stands behind the name of a command. */
export interface ParsedArgs {
  readonly values: Values;
  /** the others before `--` */
  readonly positionals: readonly string[];
  /** all that is behind `--` */
  readonly rest: readonly string[];
}

/** @throws UsageError for an option that the command does not have */
export function parseCommandLine(
  { name, usage, options = {}, startsCommand }: SessionCommand,
  args: readonly string[],
): ParsedArgs {
  const end = endOfOwnWords(args, options, startsCommand);
  const own = args.slice(0, end);
  const rest = args.slice(args[end] === '--' ? end + 1 : end);
  try {
    const { values, positionals } = parseArgs({ args: [...own], options, allowPositionals: true, strict: true });
    return { values, positionals, rest };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${reason}\nusage: alpy ${name} ${usage}`, { cause });
  }
}

/** Where the words end in which there may be options. */
function endOfOwnWords(
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

/** Seconds that an option says, as `ms`. @throws UsageError when that is no number above 0 */
export function milliseconds({ values }: ParsedArgs, option: string): number | undefined {
  const text = values[option];
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!(seconds > 0)) throw new UsageError(`--${option}: wanted is a number of seconds, found ${JSON.stringify(text)}`);
  return seconds * 1000;
}

/** The only words that a command takes. @throws UsageError when there are more or fewer */
export function exactly<const Names extends readonly string[]>(
  { positionals, rest }: ParsedArgs,
  names: Names,
): { readonly [K in keyof Names]: string } {
  const all = [...positionals, ...rest];
  if (all.length !== names.length)
    throw new UsageError(`wanted: ${names.join(' ') || 'no words'}; found: ${all.join(' ') || 'nothing'}`);
  return all as unknown as { readonly [K in keyof Names]: string };
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { nearest } from '../../core/nearest.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/**
 * What is wrong with the first wrong option of a command line, and what to do; undefined if all are right. Pure.
 * @param args - the arguments that may be options
 * @param options - those of the command
 */
export function optionProblem(args: readonly string[], options: Options): string | undefined {
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue = false } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (!option) return unknownOption(rawName, options);
    if (option.type === 'boolean' && value !== undefined) return `${rawName}: expected no value, got ${value}`;
    const isOption = value !== undefined && !inlineValue && /^-./.test(value);
    if (option.type === 'string' && (value === undefined || isOption))
      return `${rawName}: expected a value, got ${value ?? 'none'}. Write --${name}=VALUE`;
  }
  return undefined;
}

function unknownOption(rawName: string, options: Options): string {
  const known = Object.entries(options).map(([name, { short }]) => `--${name}${short === undefined ? '' : ` (-${short})`}`);
  if (known.length === 0) return `unknown option ${rawName}. The command has no options`;
  const near = nearest(rawName.replace(/^--?/, ''), Object.keys(options));
  return `unknown option ${rawName}. ${near === undefined ? `Expected one of ${known.join(', ')}` : `Did you mean --${near}?`}`;
}

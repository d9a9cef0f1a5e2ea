// SPDX-License-Identifier: GPL-3.0-or-later
// Tests run without type checks, so every function that users call checks its arguments itself.
import { z } from 'zod';
import { problemsOf, tooMany, type Signature } from './argument-problems.ts';
import { UsageError } from './errors.ts';

/** Checks the arguments that a function got. @throws UsageError that names each wrong one, and what to write instead */
export type ArgumentCheck = (given: ArrayLike<unknown>) => void;

/**
 * Makes the check of a function's arguments. The function calls it with its `arguments`: so it notices those that the function
 * does not have, which would be ignored.
 * @param name - as users call it: `node.ping`
 * @param parameters - their schemas by name, in order
 */
export function argumentsOf(name: string, parameters: Readonly<Record<string, z.ZodType>> = {}): ArgumentCheck {
  const signature: Signature = {
    name,
    parameters: Object.entries(parameters).map(([parameter, schema]) => ({ name: parameter, schema, options: namesIn(schema) })),
  };
  return (given) => {
    const problems = signature.parameters.flatMap((_, index) => problemsOf(signature, index, given[index]));
    const surplus = Array.from(given).slice(signature.parameters.length);
    if (surplus.some((value) => value !== undefined)) problems.push(tooMany(signature, given.length));
    if (problems.length > 0) throw new UsageError(problems.map((problem) => `${name}: ${problem}`).join('\n'));
  };
}

function namesIn(schema: z.ZodType): readonly string[] | undefined {
  if (schema instanceof z.ZodOptional) return namesIn(schema.unwrap() as z.ZodType);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : undefined;
}

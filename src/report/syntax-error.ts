// SPDX-License-Identifier: GPL-3.0-or-later
import { plainText } from '../core/text.ts';

/** A syntax error in a source file. */
export interface SyntaxProblem {
  readonly message: string;
  /** absolute, or relative to the current directory */
  readonly file: string;
  /** from 1 */
  readonly line: number;
  /** from 1 */
  readonly column: number;
}

/** How Vite says that a file has a syntax error, without colours. */
const transformFailed =
  /^Transform failed with \d+ errors?:\s+\[\w+\] (?<message>.+)\n\s*╭─+\[ (?<file>.+):(?<line>\d+):(?<column>\d+) \]/;

/** Parses an error of Vitest. Pure. @returns undefined if it is not about the syntax of a file */
export function syntaxErrorOf(error: {
  readonly message: string;
  readonly __vitest_rollup_error__?: unknown;
}): SyntaxProblem | undefined {
  const { message, file, line, column } = transformFailed.exec(plainText(error.message))?.groups ?? {};
  if (message === undefined || file === undefined) return undefined;
  return { message, file: transformedFile(error.__vitest_rollup_error__) ?? file, line: Number(line), column: Number(column) };
}

function transformedFile(details: unknown): string | undefined {
  const hasId = typeof details === 'object' && details !== null && 'id' in details && typeof details.id === 'string';
  return hasId ? (details.id as string) : undefined;
}

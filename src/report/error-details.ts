// SPDX-License-Identifier: GPL-3.0-or-later
import type { ErrorDetail } from '../core/errors.ts';
import type { ThrownError } from './status.ts';
import { plainLines } from './text.ts';

const maxDetails = 8;
/** The last lines are kept: they are the newest of an output. */
const maxLines = 40;
const maxLineLength = 500;

/**
 * The details of an error from a worker, as plain text of limited length: those of an error of alpy, or those that a matcher has put
 * into the `meta` of its result.
 */
export function detailsOf({ details, __vitest_error_context__: context }: Omit<ThrownError, 'message'>): readonly ErrorDetail[] {
  const found = details ?? fieldOf(fieldOf(context, 'meta'), 'details');
  return Array.isArray(found) ? found.flatMap(plainDetail).slice(0, maxDetails) : [];
}

function plainDetail(detail: unknown): readonly ErrorDetail[] {
  const [title, lines] = [fieldOf(detail, 'title'), fieldOf(detail, 'lines')];
  if (typeof title !== 'string' || !Array.isArray(lines)) return [];
  return [{ title: plainLine(title), lines: lines.slice(-maxLines).map((line) => plainLine(String(line))) }];
}

function plainLine(text: string): string {
  const line = plainLines(text.slice(0, 4 * maxLineLength)).replace(/\n+/g, ' '); // escape codes take space, too
  return line.length <= maxLineLength ? line : `${line.slice(0, maxLineLength).toWellFormed()}…`;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

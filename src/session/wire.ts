// SPDX-License-Identifier: GPL-3.0-or-later
// The lines of JSON on the socket of a session.
import { EnvironmentError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-object.ts';
import type { TerminalSize } from '../docker/index.ts';
import type { CallerTerminal } from './call.ts';

/** First line of a connection. */
export interface Request {
  readonly args: readonly string[];
  /** whether messages with the input of the command follow */
  readonly hasInput?: boolean;
  readonly terminal?: Pick<CallerTerminal, 'type' | 'size'>;
}

/** Every further line from the caller; `input` in base64. */
export type Message = { readonly input: string } | { readonly inputEnd: true } | { readonly resize: TerminalSize };

/** Every line that comes back; data in base64. The last one has the exit status. */
export type Reply = { readonly out: string } | { readonly err: string } | { readonly exit: number };

/** Largest number of rows or columns of a terminal: Linux keeps them in 16 bits. */
const largestSize = 65_535;

/** Parses the first line of a caller. @throws EnvironmentError if it is something else */
export function parseRequest(line: string): Request {
  const value = parsed(line);
  if (isJsonObject(value)) {
    const { args, hasInput, terminal } = value;
    const hasArgs = Array.isArray(args) && args.every((word) => typeof word === 'string');
    const isKnown = (hasInput === undefined || typeof hasInput === 'boolean') && (terminal === undefined || isTerminal(terminal));
    if (hasArgs && isKnown) return value as unknown as Request;
  }
  throw unexpected('a call', line);
}

/** Parses a further line of a caller. @throws EnvironmentError if it is something else */
export function parseInput(line: string): Message {
  const value = parsed(line);
  if (isJsonObject(value)) {
    const { input, inputEnd, resize } = value;
    if (typeof input === 'string') return { input };
    if (inputEnd === true) return { inputEnd };
    if (isSize(resize)) return { resize };
  }
  throw unexpected('input of a call', line);
}

/** Parses a line of the server. @throws EnvironmentError if it is something else */
export function parseReply(line: string): Reply {
  const value = parsed(line);
  if (isJsonObject(value)) {
    const { out, err, exit } = value;
    if (typeof out === 'string') return { out };
    if (typeof err === 'string') return { err };
    if (Number.isInteger(exit)) return { exit: exit as number };
  }
  throw unexpected('an answer of the testbed', line);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isTerminal(value: unknown): boolean {
  return isJsonObject(value) && typeof value['type'] === 'string' && isSize(value['size']);
}

function isSize(value: unknown): value is TerminalSize {
  return isJsonObject(value) && [value['rows'], value['columns']].every(isLength);
}

function isLength(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= largestSize;
}

function unexpected(what: string, line: string): EnvironmentError {
  return new EnvironmentError(
    `expected ${what}, got ${JSON.stringify(line.slice(0, 200))}: is this alpy's socket, of this version?`,
  );
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A line of a stack that is in a file. */
export interface StackFrame {
  /** function; absent if it has no name */
  readonly name?: string;
  /** absolute path */
  readonly file: string;
  /** from 1 */
  readonly line: number;
  /** from 1 */
  readonly column: number;
}

const frameLine = /^\s*at (?:(?:async )?(?<name>.+?) \()?(?:async )?(?<file>(?:file:\/\/)?\/.+?):(?<line>\d+):(?<column>\d+)\)?$/;

/** Alpy itself, from source or built. */
const ownFolder = `${dirname(import.meta.dirname)}/`;

/**
 * The lines of a stack in the user's files, innermost first: outside of alpy, of packages and of Node.
 * @param message - the error's message; a stack begins with it, and lines of a message may look like those of a stack
 */
export function userFrames(stack: string, message = ''): readonly StackFrame[] {
  return framesOf(stack, message).filter(({ file }) => !file.startsWith(ownFolder) && !file.includes('/node_modules/'));
}

/** The lines of a stack in alpy itself, innermost first. @param message - see {@link userFrames} */
export function ownFrames(stack: string, message = ''): readonly StackFrame[] {
  return framesOf(stack, message).filter(({ file }) => file.startsWith(ownFolder));
}

/** A frame as a stack shows it. @param file - the path to show */
export function frameText({ name, file, line, column }: StackFrame, shownFile = file): string {
  const place = `${shownFile}:${line}:${column}`;
  return name === undefined ? `at ${place}` : `at ${name} (${place})`;
}

function framesOf(stack: string, message: string): readonly StackFrame[] {
  return linesOf(stack, message).flatMap((line) => frameOf(line) ?? []);
}

function linesOf(stack: string, message: string): readonly string[] {
  const at = stack.indexOf(message);
  const isCut = message !== '' && at >= 0;
  const lines = (isCut ? stack.slice(at + message.length) : stack).split('\n');
  // the message in the stack may differ from the error's: then only the lines at the end are certain
  const last = isCut ? 0 : lines.findLastIndex((line) => !/^\s*at /.test(line) && line.trim() !== '') + 1;
  return lines.slice(last).filter((line) => /^\s*at /.test(line));
}

function frameOf(text: string): StackFrame | undefined {
  const { name, file, line, column } = frameLine.exec(text)?.groups ?? {};
  const path = file === undefined ? undefined : pathOf(file)?.replace(/\?[^/]*$/, ''); // Vite appends queries
  if (path === undefined) return undefined;
  return { file: path, line: Number(line), column: Number(column), ...(name === undefined ? {} : { name }) };
}

/** Returns `undefined` for a URL that is not that of a file: anything may be in a stack. */
function pathOf(file: string): string | undefined {
  if (!file.startsWith('file://')) return file;
  try {
    return fileURLToPath(file);
  } catch {
    return undefined;
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { relative, resolve } from 'node:path';
import { frameText, userFrames, type StackFrame } from '../core/stack.ts';
import { plainText, slashes } from '../core/text.ts';
import { readCodeFrame } from './code-frame.ts';
import type { ErrorReport } from './model.ts';
import { syntaxErrorOf } from './syntax-error.ts';

/** What an error says about its place. */
export interface PlacedError {
  readonly message: string;
  readonly stack?: string | undefined;
  /** set by Vitest if a file could not be imported: its stack has the line of the import */
  readonly runnerError?: unknown;
  /** set by Vitest if a file could not be transformed */
  readonly __vitest_rollup_error__?: unknown;
}

/** The part of a report about the place of an error. */
export type PlaceReport = Pick<ErrorReport, 'place' | 'codeFrame' | 'stack'>;

/** Most lines of a stack. */
const maxFrames = 20;

/**
 * Finds the innermost place of an error in the user's files, and reads the code around it.
 * @param directory - places are relative to it
 */
export function placeOf(error: PlacedError, directory: string): PlaceReport {
  const frames = framesOf(error, directory).slice(0, maxFrames);
  const [innermost] = frames;
  if (innermost === undefined) return {};
  return { ...placeAt(innermost, directory), stack: frameLines(frames, directory).join('\n') };
}

/** A place in a file, with the code around it. Reads the file. @param directory - see {@link placeOf} */
export function placeAt({ file, line, column }: Omit<StackFrame, 'name'>, directory: string): PlaceReport {
  const codeFrame = readCodeFrame(file, line, column);
  return { place: { file: shownFile(file, directory), line, column }, ...(codeFrame === undefined ? {} : { codeFrame }) };
}

/** The lines of an error's stack in the user's files. @param directory - see {@link placeOf} */
export function userStack({ stack = '', message }: PlacedError, directory: string): readonly string[] {
  return frameLines(userFrames(stack, message).slice(0, maxFrames), directory);
}

function framesOf(error: PlacedError, directory: string): readonly StackFrame[] {
  const { stack = '', message, runnerError } = error;
  const syntax = syntaxErrorOf(error);
  const own = userFrames(stack, message);
  const frames = own.length > 0 ? own : importFrames(runnerError);
  return syntax === undefined ? frames : [{ ...syntax, file: resolve(directory, syntax.file) }, ...frames];
}

function importFrames(error: unknown): readonly StackFrame[] {
  if (typeof error !== 'object' || error === null || !('stack' in error)) return [];
  return typeof error.stack === 'string' ? userFrames(error.stack) : [];
}

function frameLines(frames: readonly StackFrame[], directory: string): readonly string[] {
  return frames.map((frame) => plainText(frameText(frame, shownFile(frame.file, directory))));
}

function shownFile(file: string, directory: string): string {
  return plainText(slashes(relative(directory, file)));
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { ErrorDetail } from '../core/errors.ts';
import { frameText, ownFrames } from '../core/stack.ts';
import { userStack } from './source-place.ts';
import type { ThrownError } from './status.ts';
import { capText, plainLines } from './text.ts';

/** Most causes, most lines of each, and its longest message, in characters. */
const [maxCauses, maxLines, maxLength] = [4, 12, 2000];

/**
 * The causes of an error from a test's own code. The messages of alpy's errors contain their causes already, and those of assertions
 * say nothing new.
 * @param directory - places are relative to it; without it, only the messages are shown
 */
export function causeDetails(error: ThrownError, directory: string | undefined): readonly ErrorDetail[] {
  const details: ErrorDetail[] = [];
  let { cause } = isOfUser(error) ? error : {};
  while (isThrownError(cause) && details.length < maxCauses) {
    const { name, message } = cause;
    const text = plainLines(capText(name === undefined || name === 'Error' ? message : `${name}: ${message}`, maxLength));
    const stack = directory === undefined ? [] : userStack(cause, directory).map(plainLines);
    details.push({ title: 'Caused by', lines: [...text.split('\n').slice(0, maxLines), ...stack.slice(0, maxLines)] });
    ({ cause } = cause);
  }
  return details;
}

/** Where in alpy an unexpected error was thrown, for a bug report. */
export function internalDetails(error: ThrownError): readonly ErrorDetail[] {
  if (error.fault !== 'bug' && !isOfUser(error)) return [];
  const frames = ownFrames(error.stack ?? '', error.message).slice(0, maxLines);
  return frames.length === 0 ? [] : [{ title: 'Thrown in alpy', lines: frames.map((frame) => frameText(frame)) }];
}

/** Whether an error is neither one of alpy nor an assertion. */
function isOfUser({ code, fault, name, __vitest_error_context__: context }: ThrownError): boolean {
  const isOfAlpy = fault !== undefined || (typeof code === 'string' && code.startsWith('ALPY_'));
  return !isOfAlpy && name !== 'AssertionError' && context === undefined;
}

function isThrownError(value: unknown): value is ThrownError {
  return typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string';
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { notesOf, partsOf, type ErrorDetail } from '../core/errors.ts';
import { causeDetails, internalDetails } from './cause-details.ts';
import { detailsOf } from './error-details.ts';
import { hasMissedDeadline } from './missed-deadline.ts';
import type { ErrorReport } from './model.ts';
import { placeOf } from './source-place.ts';
import { faultOf, type ThrownError } from './status.ts';
import { syntaxErrorOf } from './syntax-error.ts';
import { capText, plainLines } from './text.ts';

/** Most errors of one test, and longest text of an error, in characters. They stay in memory until the run ends. */
const maxErrors = 100;
const maxTextLength = 65_536;

/** Longest expected or received value, in characters. */
const maxValueLength = 10_000;

/**
 * Converts an error to plain, printable data. One that stands for several becomes several, see {@link partsOf}: what a clean-up throws
 * after the body has failed is a consequence.
 * @param directory - places are relative to it; without it, the report has no place. Reads the user's source files
 */
export function errorReports(error: ThrownError, directory?: string): readonly ErrorReport[] {
  const parts = partsOf(error);
  const more = parts.length - maxErrors;
  const note = more > 0 ? [{ message: `${more} more errors were left out` }] : [];
  const isCleanUp = error.name === 'SuppressedError';
  return [
    ...parts.slice(0, maxErrors).map((part, index) => {
      const report = errorReport(thrown(part, error), directory);
      return isCleanUp && index > 0 ? { ...report, isConsequence: true as const } : report;
    }),
    ...note,
  ];
}

/** Wraps a thrown value that is not an error. A part without a place of its own has that of the whole. */
function thrown(part: unknown, whole: ThrownError): ThrownError {
  const isError = typeof part === 'object' && part !== null && 'message' in part && typeof part.message === 'string';
  return isError ? (part as ThrownError) : { message: String(part), stack: whole.stack };
}

/** What Vitest says after a timeout of a test or a hook. It names an option that alpy does not have. */
const vitestAdvice = /\nIf this is a long-running (?<what>test|hook), pass a timeout value .+$/;

/** Vitest's refusal of `only` in CI. It names an option that alpy does not have. */
const onlyAdvice = ' or pass --allowOnly argument to bypass this error';

function withAdvice(text: string): string {
  const message = text.replace(onlyAdvice, ': in CI, the other tests must not be left out');
  const what = vitestAdvice.exec(message)?.groups?.['what'];
  if (what === undefined) return message;
  const advice =
    what === 'test' ? 'set tests.timeoutMs in alpy.yaml, or pass { timeout } to the test' : 'pass a timeout to the hook';
  return message.replace(vitestAdvice, `\nIf it needs longer, ${advice}`);
}

function plain(text: string, maxLength = maxTextLength): string {
  return plainLines(capText(text, maxLength));
}

function errorReport(error: ThrownError, directory: string | undefined): ErrorReport {
  const { code, diff, expected, actual } = error;
  const syntax = syntaxErrorOf(error);
  const name = syntax === undefined ? error.name : 'SyntaxError';
  const { load, isConsequence } = notesOf(error);
  const fault = load === undefined ? faultOf(error) : 'environment';
  const place = directory === undefined ? {} : placeOf(error, directory);
  const details = [
    ...loadDetails(load),
    ...detailsOf(error),
    ...causeDetails(error, directory),
    ...(place.place ? [] : internalDetails(error)),
  ];
  return {
    message: plain(syntax?.message ?? withAdvice(error.message)),
    ...(name === undefined ? {} : { name: plain(name) }),
    ...place,
    ...(typeof code === 'string' ? { code } : {}),
    ...(fault === undefined ? {} : { fault }),
    ...(hasMissedDeadline(error) ? { hasMissedDeadline: true } : {}),
    ...(typeof expected === 'string' ? { expected: plain(expected, maxValueLength) } : {}),
    ...(typeof actual === 'string' ? { actual: plain(actual, maxValueLength) } : {}),
    ...(diff === undefined ? {} : { diff: plain(diff) }),
    ...(details.length === 0 ? {} : { details }),
    ...(isConsequence === true ? { isConsequence: true } : {}),
    ...(load === undefined ? {} : { isUnderLoad: true }),
  };
}

/** The measurements that show that the device may not be to blame. */
function loadDetails(lines: readonly string[] | undefined): readonly ErrorDetail[] {
  return lines === undefined ? [] : [{ title: 'This machine was overloaded during the wait', lines }];
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { ErrorDetail } from '../core/errors.ts';
import type { ErrorReport } from './model.ts';
import { capText, escapeControls, firstLine, plainLines } from './text.ts';

/** What a line of a failure is, for its colour. */
export type FailureLineKind = 'cause' | 'place' | 'frame' | 'mark' | 'removed' | 'added' | 'title' | 'note';

/** Limits and colours of {@link failureLines}. */
export interface FailureTextOptions {
  /** most characters of a message, and of a difference; default 2000 */
  readonly maxTextLength?: number;
  /** most errors with a block; default 10 */
  readonly maxBlocks?: number;
  /** most lines of a detail, the last of which are kept; default 20 */
  readonly maxDetailLines?: number;
  /** colours a line, which is escaped already; default: none */
  readonly style?: (kind: FailureLineKind, line: string) => string;
}

/** Names of errors that say nothing more than their messages. */
const plainNames: ReadonlySet<string> = new Set(['Error', 'AssertionError', 'AggregateError', 'TestTimeoutError']);
/** Most lines of a message above its place. The others follow below the code frame. */
const maxCauseLines = 6;
/** Most consequences that are shown below their error. */
const maxConsequences = 3;

interface Line {
  readonly kind: FailureLineKind;
  readonly text: string;
}

/** An error, and what followed from it. */
interface Block {
  readonly error: ErrorReport;
  /** how often it happened, as at several attempts */
  times: number;
  readonly consequences: ErrorReport[];
}

/**
 * Whether an error may be the reason of a missed deadline, although it was found only afterwards: an app of the test had ended by then.
 * Pure.
 * @param errors - all errors of the test
 */
export function isPossibleReason({ code, isConsequence }: ErrorReport, errors: readonly ErrorReport[]): boolean {
  const isLate = errors.some((error) => error.hasMissedDeadline === true);
  return code === 'ALPY_APP_ENDED' && isConsequence === true && isLate;
}

/**
 * The errors of one test as lines for people, one block per error: its cause, code, place, code frame, the expected and the received value,
 * the other lines of the stack, details, and its consequences in one line each. Pure. No line contains a control character.
 * @param errors - in the order in which they were thrown
 */
export function failureLines(errors: readonly ErrorReport[], options: FailureTextOptions = {}): readonly string[] {
  const { maxBlocks = 10, style = (_kind, line) => line } = options;
  const blocks = blocksOf(errors);
  const more = blocks.length - maxBlocks;
  const lines = blocks.slice(0, maxBlocks).flatMap((block, index) => {
    const gap: readonly Line[] = index === 0 ? [] : [{ kind: 'note', text: '' }];
    return [...gap, ...blockLines(block, options)];
  });
  if (more > 0) lines.push({ kind: 'note', text: '' }, { kind: 'note', text: `${more} more errors are in run.json` });
  return lines.map(({ kind, text }) => (text === '' ? '' : style(kind, text)));
}

/** The cause of an error in one line: `TypeError: x is undefined`. */
export function causeLine(error: ErrorReport): string {
  return escapeControls(firstLine(plainLines(causeOf(error))));
}

function blocksOf(errors: readonly ErrorReport[]): readonly Block[] {
  const blocks: Block[] = [];
  for (const error of errors) {
    const before = blocks.at(-1);
    const same = blocks.find((block) => isSame(block.error, error));
    if (error.isConsequence && before) before.consequences.push(error);
    else if (same) same.times += 1;
    else blocks.push({ error, times: 1, consequences: [] });
  }
  return blocks;
}

function isSame(a: ErrorReport, b: ErrorReport): boolean {
  const [{ place: at }, { place }] = [a, b];
  const isSameText = a.message === b.message && a.code === b.code && a.diff === b.diff;
  return isSameText && at?.file === place?.file && at?.line === place?.line;
}

function blockLines({ error, times, consequences }: Block, options: FailureTextOptions): readonly Line[] {
  const { maxTextLength = 2000, maxDetailLines = 20 } = options;
  const { code, codeFrame, details = [] } = error;
  const remarks = [...(code === undefined ? [] : [escapeControls(code)]), ...(times > 1 ? [`${times} times`] : [])];
  const message = linesOf(capText(causeOf(error), maxTextLength));
  const [head, rest] = [message.slice(0, maxCauseLines), message.slice(maxCauseLines)];
  const isReason = (other: ErrorReport): boolean => isPossibleReason(other, [error]);
  return [
    ...ofKind('cause', head),
    ...ofKind('note', remarks.length === 0 ? [] : [`(${remarks.join(', ')})`]),
    ...ofKind('cause', otherLines('possible reason', consequences.filter(isReason))),
    ...ofKind('place', placeLines(error)),
    ...(codeFrame === undefined ? [] : frameLines(codeFrame)),
    ...stackLines(error),
    ...(rest.length === 0 ? [] : separated('cause', ['…', ...rest])),
    ...valueLines(error, maxTextLength),
    ...details.flatMap((detail) => detailLines(detail, maxDetailLines)),
    ...consequenceLines(consequences.filter((other) => !isReason(other))),
  ];
}

/** The message, with the class of the error if that says more: alpy's errors have a code, and an assertion is recognised without. */
export function causeOf({ name, message, code }: ErrorReport): string {
  const isPlain = name === undefined || code !== undefined || plainNames.has(name);
  return isPlain || message.startsWith(name) ? message : `${name}: ${message}`;
}

function placeLines({ place }: ErrorReport): readonly string[] {
  return place === undefined ? [] : [`${escapeControls(place.file)}:${place.line}:${place.column}`];
}

function frameLines(codeFrame: string): readonly Line[] {
  const lines = linesOf(codeFrame);
  return [
    { kind: 'note', text: '' },
    ...lines.map((text) => ({ kind: /^\s*>|^\s*\|\s*\^/.test(text) ? ('mark' as const) : ('frame' as const), text })),
  ];
}

/** The difference; without one, the expected and the received value, unless the message contains them. */
function valueLines({ message, diff, expected, actual }: ErrorReport, maxTextLength: number): readonly Line[] {
  if (diff !== undefined && diff !== '') {
    const lines = linesOf(capText(diff, maxTextLength)).map((text) => ({ kind: diffKind(text), text }));
    return [{ kind: 'note', text: '' }, ...lines];
  }
  const values = [
    { name: 'expected', value: expected },
    { name: 'received', value: actual },
  ];
  const unknown = values.filter(({ value }) => value !== undefined && !message.includes(value));
  return separated(
    'cause',
    unknown.flatMap(({ name, value = '' }) => linesOf(`${name}: ${capText(value, maxTextLength)}`)),
  );
}

function diffKind(line: string): FailureLineKind {
  if (line.startsWith('-')) return 'removed';
  return line.startsWith('+') ? 'added' : 'note';
}

/** The other lines of the stack in the user's files. The first one has the code frame. */
function stackLines({ stack, place }: ErrorReport): readonly Line[] {
  const frames = linesOf(stack ?? '').filter((line) => /^\s*at /.test(line));
  const others = place === undefined ? frames : frames.slice(1);
  return ofKind(
    'note',
    others.slice(0, 10).map((line) => `  ${line.trim()}`),
  );
}

function detailLines({ title, lines }: ErrorDetail, maxLines: number): readonly Line[] {
  const more = lines.length - maxLines;
  const shown = lines.slice(-maxLines).map((line) => `  ${escapeControls(capText(plainLines(line), 500))}`);
  const heading = `${escapeControls(title)}:${more > 0 ? ` (the last ${maxLines} of ${lines.length})` : ''}`;
  return [{ kind: 'note', text: '' }, { kind: 'title', text: heading }, ...ofKind('note', shown)];
}

function consequenceLines(consequences: readonly ErrorReport[]): readonly Line[] {
  return separated('note', otherLines('also', consequences));
}

/** Errors in one line each. */
function otherLines(heading: string, errors: readonly ErrorReport[]): readonly string[] {
  const lines = errors.map((error) => {
    return `${heading}: ${causeLine(error)}${error.code === undefined ? '' : ` (${escapeControls(error.code)})`}`;
  });
  const unique = [...new Set(lines)];
  const more = unique.length - maxConsequences;
  return [...unique.slice(0, maxConsequences), ...(more > 0 ? [`${heading}: ${more} more errors that followed`] : [])];
}

/** Puts an empty line above the lines, unless there are no lines. */
function separated(kind: FailureLineKind, texts: readonly string[]): readonly Line[] {
  return texts.length === 0 ? [] : ofKind(kind, ['', ...texts]);
}

function ofKind(kind: FailureLineKind, texts: readonly string[]): readonly Line[] {
  return texts.map((text) => ({ kind, text }));
}

/** The lines of any text. Control characters are removed, and those that change the direction of writing are escaped. */
function linesOf(text: string): readonly string[] {
  const lines = plainLines(text).replace(/\t/g, '  ').replace(/\n+$/, '').split('\n');
  return lines.map((line) => escapeControls(line).trimEnd());
}

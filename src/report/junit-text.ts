// SPDX-License-Identifier: GPL-3.0-or-later
import { posix } from 'node:path';
import type { ErrorReport, TestReport } from './model.ts';
import { overloadNote } from './overload-note.ts';
import { stepLines } from './step-tree.ts';
import { capText, plainLines } from './text.ts';

/** What a reader wants first: a picture, which GitLab shows inline, then what was done, then what the device said. */
const attachmentOrder = ['screen.png', 'debug.log', 'console.txt'];

/**
 * The line by which GitLab attaches a file to a test; it takes the first of each test. Empty when no file can be attached:
 * brackets and bars end the mark, and what lies outside the project cannot be linked.
 */
export function attachmentMark(artifacts: readonly string[], outPath: string): string {
  const paths = artifacts
    .map((artifact) => posix.join(outPath, artifact))
    .filter((path) => !/[[\]|\p{Cc}]/u.test(path) && !posix.isAbsolute(path) && !path.startsWith('../'));
  const preferred = attachmentOrder.map((name) => paths.find((path) => posix.basename(path) === name));
  const path = preferred.find((candidate) => candidate !== undefined) ?? paths[0];
  return path === undefined ? '' : `[[ATTACHMENT|${path}]]\n`;
}

/** Breaks marks in foreign text, so that a device that prints one cannot attach a file of its choice. */
export function withoutMarks(text: string): string {
  return text.replaceAll('[[ATTACHMENT|', '[ [ATTACHMENT|');
}

/** All errors of a test, then where its files are. The list is never cut: it is how the rest is found. */
export function failureText(test: TestReport, outPath: string, maxLength: number): string {
  const { errors, artifacts } = test;
  const note = overloadNote(test);
  const text = capText(plainLines(errors.map(errorText).join('\n\n')), maxLength);
  const files = artifacts.map((artifact) => `\n  ${plainLines(posix.join(outPath, artifact))}`);
  const parts = [
    text,
    ...(note === undefined ? [] : [plainLines(note)]),
    ...(files.length === 0 ? [] : [`Files:${files.join('')}`]),
  ];
  return parts.join('\n\n');
}

function errorText({ message, stack, diff, code }: ErrorReport): string {
  // a stack begins with name and message: say them once
  const frames = stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
  const head = code === undefined ? message : `${message} (${code})`;
  return [head, diff, frames].filter((part) => part !== undefined && part !== '').join('\n');
}

/** What the test did, step by step. */
export function caseOutput({ steps }: TestReport, maxLength: number): string {
  return capText(plainLines(stepLines(steps).join('\n')), maxLength);
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { posix } from 'node:path';
import { classNote } from './class-note.ts';
import { failureLines } from './failure-text.ts';
import type { TestReport } from './model.ts';
import { overloadNote } from './overload-note.ts';
import { stepLines } from './step-tree.ts';
import { capText, plainLines } from './text.ts';

/** In the order of usefulness: a picture, which GitLab shows inline, then the test's log, then the device's output. */
const attachmentOrder = [/^screen(-.+)?\.png$/, /^debug\.log$/, /^console(-.+)?\.txt$/];

/**
 * The line that makes GitLab attach a file to a test, which may have only one. Empty if no file can be attached: the path must not
 * contain brackets or bars, and must be inside the project.
 */
export function attachmentMark(artifacts: readonly string[], outPath: string): string {
  const paths = artifacts
    .map((artifact) => posix.join(outPath, artifact))
    .filter((path) => !/[[\]|\p{Cc}]/u.test(path) && !posix.isAbsolute(path) && !path.startsWith('../'));
  const preferred = attachmentOrder.map((name) => paths.find((path) => name.test(posix.basename(path))));
  const path = preferred.find((candidate) => candidate !== undefined) ?? paths[0];
  return path === undefined ? '' : `[[ATTACHMENT|${path}]]\n`;
}

/** Disables attachment marks in a text, so that a device cannot attach a file by printing one. */
export function withoutMarks(text: string): string {
  return text.replaceAll('[[ATTACHMENT|', '[ [ATTACHMENT|');
}

/** All errors of a test, then the paths of its files. Only the errors are shortened, because the files hold the rest. */
export function failureText(test: TestReport, outPath: string, maxLength: number): string {
  const { errors, artifacts } = test;
  const notes = [classNote(test), overloadNote(test)].filter((note) => note !== undefined);
  const text = capText(failureLines(errors, { maxTextLength: Math.floor(maxLength / 4) }).join('\n'), maxLength);
  const files = artifacts.map((artifact) => `\n  ${plainLines(posix.join(outPath, artifact))}`);
  const parts = [text, ...notes.map(plainLines), ...(files.length === 0 ? [] : [`Files:${files.join('')}`])];
  return parts.join('\n\n');
}

/** The steps of the test as text. */
export function caseOutput({ steps }: TestReport, maxLength: number): string {
  return capText(plainLines(stepLines(steps).join('\n')), maxLength);
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestReport, TestStatus } from '../model.ts';
import { classNote } from '../class-note.ts';
import { overloadNote } from '../overload-note.ts';
import { seconds } from '../text.ts';
import { causeText } from '../cause.ts';
import { errorsPart } from './error-part.ts';
import { filesPart } from './files-part.ts';
import { html, Html, when } from './markup.ts';
import { stepsPart } from './steps-part.ts';

/** A test with the name of its element, to link to it. */
export interface NumberedTest {
  readonly test: TestReport;
  readonly id: string;
}

/** Names of statuses, in the order in which reports show them. */
export const statusNames: Readonly<Record<TestStatus, string>> = {
  failed: 'Failed',
  error: 'Error',
  flaky: 'Flaky',
  passed: 'Passed',
  skipped: 'Skipped',
};

/** One test: a line that opens to its errors, files and steps. */
export function testPart({ test, id }: NumberedTest, { isOpen, withFile }: { isOpen: boolean; withFile: boolean }): Html {
  const { status, fullName, file, line, durationMs, errors, artifacts, steps, skipReason, attempts } = test;
  const place = line === undefined ? file : `${file}:${line}`;
  const cause = when(causeText(test), (text) => html`<span class="cause">${text}</span>`);
  const head = withFile ? html` <span class="file">${place}</span>${cause}` : undefined;
  // the id is inside, because browsers open a closed element if a link leads into it
  return html`<details class="test ${status}" data-status="${status}" data-file="${file}" ${isOpen ? html` open` : undefined}>
    <summary>
      <span class="status">${statusNames[status]}</span>
      <span class="name">${fullName}${head}</span>
      <span class="time">${status === 'skipped' ? '' : seconds(durationMs)}</span>
    </summary>
    <div id="${id}">
      ${when(skipReason, (reason) => html`<p>Skipped: ${reason}</p>`)}
      ${status === 'flaky' ? html`<p>Passed at attempt ${attempts ?? 'unknown'}. Errors of the attempts before:</p>` : undefined}
      ${when(classNote(test), (note) => html`<p>${note}</p>`)}
      ${errorsPart(errors)}${when(overloadNote(test), (note) => html`<p>${note}</p>`)}${filesPart(artifacts)}${stepsPart(steps)}
    </div>
  </details> `;
}

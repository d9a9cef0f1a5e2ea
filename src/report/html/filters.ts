// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestReport, TestStatus } from '../model.ts';
import { html, Html } from './markup.ts';
import { statusNames } from './test-part.ts';

/** Search and filters. Hidden until the script runs, because they do nothing without it. */
export function filtersPart(tests: readonly TestReport[]): Html {
  const byStatus = Map.groupBy(tests, ({ status }) => status);
  const files = [...new Set(tests.map(({ file }) => file))].sort();
  const statuses = (Object.keys(statusNames) as TestStatus[]).filter((status) => byStatus.has(status));
  return html`<form class="filters" role="search" hidden>
    <label class="search">
      <span>Search</span>
      <input type="search" name="q" placeholder="name, file or error" autocomplete="off" />
    </label>
    <fieldset>
      <legend>Status</legend>
      ${statuses.map(
        (status) =>
          html`<label class="chip">
            <input type="checkbox" name="status" value="${status}" /> ${statusNames[status]} ${byStatus.get(status)?.length ?? 0}
          </label> `,
      )}
    </fieldset>
    <label class="by-file">
      <span>File</span>
      <select name="file">
        <option value="">all files</option>
        ${files.map((file) => html`<option value="${file}">${file}</option> `)}
      </select>
    </label>
    <output class="soft"></output>
  </form> `;
}

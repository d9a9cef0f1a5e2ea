// SPDX-License-Identifier: GPL-3.0-or-later
import { hasFailed } from '../status.ts';
import { causeOfTest, causeText } from '../cause.ts';
import { placeText } from './error-part.ts';
import { html, Html, when } from './markup.ts';
import type { NumberedTest } from './test-part.ts';

/** Most tests of one cause that are listed unfolded. */
const maxUnfolded = 5;

/** Why tests failed: each cause once, with links to its tests. Absent if no test failed. */
export function failureIndex(tests: readonly NumberedTest[]): Html | undefined {
  const failed = tests.filter(({ test }) => hasFailed(test));
  if (failed.length === 0) return undefined;
  const byCause = Map.groupBy(failed, ({ test }) => causeText(test) ?? 'no error was reported');
  return html`<nav class="causes" aria-labelledby="causes">
    <h2 id="causes">Why tests failed</h2>
    <ol>
      ${[...byCause].map(([cause, tests]) => causePart(cause, tests))}
    </ol>
  </nav> `;
}

function causePart(cause: string, tests: readonly NumberedTest[]): Html {
  const links = html`<ul>
    ${tests.map(linkPart)}
  </ul>`;
  const isLong = tests.length > maxUnfolded;
  const list = isLong
    ? html`<details>
        <summary>${tests.length} tests</summary>
        ${links}
      </details>`
    : links;
  return html`<li>
    <p class="cause">${cause}</p>
    ${list}
  </li> `;
}

function linkPart({ test, id }: NumberedTest): Html {
  const place = causeOfTest(test)?.place;
  return html`<li data-test="${id}">
    <a href="#${id}">${test.fullName}</a> ${when(place, (found) => html`<span class="file">${placeText(found)}</span>`)}
  </li> `;
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { hasFailed } from '../status.ts';
import { html, Html } from './markup.ts';
import { testPart, type NumberedTest } from './test-part.ts';

/** How many failed tests are open at first; the index above shows the causes of all. */
const maxOpen = 5;
/** Up to this number of tests, all files are open at first. */
const maxUnfoldedTests = 50;

/** All tests: first those that failed and the flaky ones, across all files; then the others by file. */
export function testSections(tests: readonly NumberedTest[]): Html {
  const failed = tests.filter(({ test }) => hasFailed(test)).toSorted((a, b) => rankOf(a) - rankOf(b));
  const flaky = tests.filter(({ test }) => test.status === 'flaky');
  const others = tests.filter(({ test }) => test.status === 'passed' || test.status === 'skipped');
  const areOpen = tests.length <= maxUnfoldedTests;
  return html`${notPassedSection('Failed', failed)}${notPassedSection('Flaky', flaky)}
  ${[...Map.groupBy(others, ({ test }) => test.file)].map(([file, ofFile]) => filePart(file, ofFile, areOpen))}`;
}

/** Failed tests before broken ones. */
function rankOf({ test }: NumberedTest): number {
  return test.status === 'failed' ? 0 : 1;
}

function notPassedSection(title: string, tests: readonly NumberedTest[]): Html | undefined {
  if (tests.length === 0) return undefined;
  return html`<section>
    <h2>${title} (${tests.length})</h2>
    ${tests.map((test, index) => testPart(test, { isOpen: hasFailed(test.test) && index < maxOpen, withFile: true }))}
  </section> `;
}

function filePart(file: string, tests: readonly NumberedTest[], isOpen: boolean): Html {
  const skipped = tests.filter(({ test }) => test.status === 'skipped').length;
  const counts = `${tests.length - skipped} passed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return html`<details class="group" ${isOpen ? html` open` : undefined}>
    <summary>
      <h2>${file}</h2>
      <span class="soft">${counts}</span>
    </summary>
    ${tests.toSorted(byStatus).map((test) => testPart(test, { isOpen: false, withFile: false }))}
  </details> `;
}

/** Passed tests before skipped ones. */
function byStatus(a: NumberedTest, b: NumberedTest): number {
  return Number(a.test.status === 'skipped') - Number(b.test.status === 'skipped');
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { RunReport } from '../model.ts';
import { hasFailed } from '../status.ts';
import { seconds } from '../text.ts';
import { html, Html } from './markup.ts';

/** What the run showed, for the title: `3 of 40 tests failed`. */
export function verdictOf({ tests, errors }: Pick<RunReport, 'tests' | 'errors'>): string {
  const flaky = tests.filter(({ status }) => status === 'flaky').length;
  const failed = tests.filter(hasFailed).length;
  if (failed > 0) return `${failed} of ${tests.length} ${tests.length === 1 ? 'test' : 'tests'} failed`;
  if (errors.length > 0) return 'The run failed outside its tests';
  if (flaky > 0) return flaky === 1 ? 'One test was flaky' : `${flaky} tests were flaky`;
  return tests.length === 0 ? 'No test was run' : 'All tests passed';
}

/** The verdict, the counts, and facts about the run. */
export function headerPart(report: RunReport): Html {
  const isBad = report.errors.length > 0 || report.tests.some((test) => hasFailed(test) || test.status === 'flaky');
  const started = report.startedAt.replace('T', ' ').replace(/\..*/, '');
  return html`<header>
    <h1 class="${isBad ? 'not-all' : 'all-passed'}">${verdictOf(report)}</h1>
    <p>${countsOf(report)}</p>
    <p class="soft">
      <time datetime="${report.startedAt}">${started} UTC</time> · took ${durationText(report.durationMs)} · alpy
      ${report.alpyVersion} · <a href="../junit.xml">junit.xml</a> · <a href="../run.json">run.json</a>
    </p>
    <details class="more">
      <summary>Environment</summary>
      <dl>
        ${Object.entries(report.environment).map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd> `,
        )}
      </dl>
    </details>
  </header> `;
}

/** `41.30 s`, `28 min 20 s` */
function durationText(durationMs: number): string {
  if (durationMs < 120_000) return seconds(durationMs);
  const whole = Math.round(durationMs / 1000);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function countsOf({ tests, errors }: RunReport): string {
  const counts = (['passed', 'failed', 'error', 'flaky', 'skipped'] as const).map((status) => {
    const count = tests.filter((test) => test.status === status).length + (status === 'error' ? errors.length : 0);
    if (count === 0 && status !== 'passed') return '';
    return `${count} ${status === 'error' && count > 1 ? 'errors' : status}`;
  });
  return counts.filter((text) => text !== '').join(', ');
}

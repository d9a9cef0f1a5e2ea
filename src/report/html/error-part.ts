// SPDX-License-Identifier: GPL-3.0-or-later
import type { ErrorDetail, Fault } from '../../core/errors.ts';
import { causeOf, isPossibleReason } from '../failure-text.ts';
import type { ErrorReport, SourcePlace } from '../model.ts';
import { capText } from '../text.ts';
import { html, Html, when } from './markup.ts';

/** Longest text of an error's message, diff or detail, in characters: the report of hundreds of tests has to open quickly. */
const maxLength = 8000;

const faultNames: Readonly<Record<Fault, string>> = {
  device: "the device's fault",
  usage: 'wrong use or configuration',
  environment: 'the environment: machine, Docker, images',
  bug: 'a bug of alpy',
};

/** The errors of a test. Those that follow from others are folded below them, unless one may be the reason of a missed deadline. */
export function errorsPart(errors: readonly ErrorReport[]): Html {
  const reasons = errors.filter((error) => isPossibleReason(error, errors));
  const consequences = errors.filter((error) => !isCause(error) && !reasons.includes(error));
  const causes = [...errors.filter(isCause), ...reasons];
  const folded =
    consequences.length === 0
      ? undefined
      : html`<details class="more">
          <summary>Consequences (${consequences.length})</summary>
          ${consequences.map(errorPart)}
        </details>`;
  return html`${causes.map(errorPart)}${folded}`;
}

/** `tests/nat.test.ts:12:5` */
export function placeText({ file, line, column }: SourcePlace): string {
  return `${file}:${line}:${column}`;
}

function isCause({ isConsequence }: ErrorReport): boolean {
  return isConsequence !== true;
}

function errorPart(error: ErrorReport): Html {
  const { codeFrame, details = [], stack } = error;
  return html`<div class="failure">
    <pre class="message">${capText(causeOf(error), maxLength)}</pre>
    ${factsPart(error)}
    ${when(codeFrame, (text) => html`<pre class="code">${text.split('\n').map(codeLine)}</pre>`)}${comparisonPart(error)}
    ${details.map(detailPart)}
    ${when(
      stack,
      (text) =>
        html`<details class="more">
          <summary>Stack</summary>
          <pre>${capText(text, maxLength)}</pre>
        </details>`,
    )}
  </div> `;
}

function factsPart({ place, fault, code }: ErrorReport): Html | undefined {
  const facts = [fault === undefined ? undefined : faultNames[fault], code].filter((text) => text !== undefined);
  if (place === undefined && facts.length === 0) return undefined;
  return html`<p class="facts">
    ${when(place, (found) => html`<span class="place">${placeText(found)}</span>`)} <span class="soft">${facts.join(' · ')}</span>
  </p>`;
}

/** A line of a code frame; the line of the error is marked with `>`. */
function codeLine(line: string): Html {
  return /^\s*>/.test(line) ? html`<mark>${line}</mark>${'\n'}` : html`${line}${'\n'}`;
}

/** The difference if there is one, otherwise both values. */
function comparisonPart({ diff, expected, actual }: ErrorReport): Html | undefined {
  if (diff !== undefined && diff !== '') {
    return html`<h3>Difference</h3>
      <pre>${capText(diff, maxLength).split('\n').map(diffLine)}</pre>`;
  }
  if (expected === undefined && actual === undefined) return undefined;
  const row = (name: string, value: string | undefined): Html | undefined =>
    when(
      value,
      (text) =>
        html`<dt>${name}</dt>
          <dd><code>${capText(text, maxLength)}</code></dd>`,
    );
  return html`<dl>${row('Expected', expected)}${row('Received', actual)}</dl>`;
}

function diffLine(line: string): Html {
  if (line.startsWith('-')) return html`<span class="minus">${line}</span>${'\n'}`;
  return line.startsWith('+') ? html`<span class="plus">${line}</span>${'\n'}` : html`${line}${'\n'}`;
}

function detailPart({ title, lines }: ErrorDetail): Html {
  return html`<h3>${title}</h3>
    <pre>${capText(lines.join('\n'), maxLength)}</pre>`;
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { StepReport } from '../model.ts';
import { capText, seconds } from '../text.ts';
import { html, Html } from './markup.ts';

/** Most log lines of a step, and longest line and title, in characters. The rest is in the debug log. */
const maxLogLines = 40;
const maxLineLength = 500;

/**
 * The steps of a test, folded. They are lines of one text: as elements, those of a thousand tests would make the report slow to open.
 */
export function stepsPart(steps: readonly StepReport[]): Html | undefined {
  if (steps.length === 0) return undefined;
  return html`<details class="more">
    <summary>Steps (${countOf(steps)})</summary>
    <pre class="steps">${steps.map((step) => stepLines(step, ''))}</pre>
  </details>`;
}

function countOf(steps: readonly StepReport[]): number {
  return steps.reduce((sum, { children }) => sum + 1 + countOf(children), 0);
}

function stepLines({ title, durationMs, error, log, children }: StepReport, indent: string): Html {
  const time = (durationMs === undefined ? 'not ended' : seconds(durationMs)).padStart(9);
  const line = `${time}  ${indent}${oneLine(title)}`;
  const head = error === undefined ? html`${line}${'\n'}` : html`<b class="bad">${line}: failed</b>${'\n'}`;
  const shown = log.slice(0, maxLogLines).map(oneLine);
  const more = log.length > shown.length ? [`… ${log.length - shown.length} more lines in the debug log`] : [];
  const lines = [...shown, ...more].map((text) => `${' '.repeat(11)}${indent}| ${text}\n`);
  return html`${head}${lines.join('')}${children.map((child) => stepLines(child, `${indent}  `))}`;
}

function oneLine(text: string): string {
  return capText(text, maxLineLength).replace(/\s*[\r\n]\s*/g, ' ');
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { errorsPart } from './html/error-part.ts';
import { failureIndex } from './html/failure-index.ts';
import { filtersPart } from './html/filters.ts';
import { headerPart, verdictOf } from './html/header.ts';
import { Html, html } from './html/markup.ts';
import { script } from './html/script.ts';
import { style } from './html/style.ts';
import { testSections } from './html/test-sections.ts';
import type { RunReport } from './model.ts';
import { writeReport } from './write-file.ts';

/**
 * The browser may only run the script below, and load only pictures of the same folder. So nothing that a guest printed can run or
 * load anything, even if it were not escaped.
 */
const policy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "img-src 'self' file:",
  `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The run as one page. It refers to nothing but the artifacts beside it. It works without its script, which adds search and filters. */
export function htmlReport(report: RunReport): string {
  const { tests, errors } = report;
  const numbered = tests.map((test, index) => ({ test, id: `t${index}` }));
  const { markup } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${verdictOf(report)} · alpy</title>
        ${new Html(`<style>${style}</style>`)}
      </head>
      <body>
        ${headerPart(report)}
        <main>
          ${filtersPart(tests)}
          ${
            errors.length > 0
              ? html`<section class="outside">
                  <h2>Outside any test</h2>
                  ${errorsPart(errors)}
                </section>`
              : undefined
          }
          ${failureIndex(numbered)}${testSections(numbered)}
        </main>
        ${new Html(`<script>${script}</script>`)}
      </body>
    </html> `;
  return markup;
}

/**
 * Writes `report/index.html` into the output directory.
 * @throws EnvironmentError if it cannot be written
 */
export async function writeHtml(outDirectory: string, report: RunReport): Promise<void> {
  await writeReport(join(outDirectory, 'report', 'index.html'), htmlReport(report));
}

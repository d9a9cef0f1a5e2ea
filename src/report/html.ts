// SPDX-License-Identifier: GPL-3.0-or-later
import { basename, join } from 'node:path';
import type { Fault } from '../core/errors.ts';
import { style } from './html-style.ts';
import { artifactUrl, Html, html } from './html-text.ts';
import type { ErrorReport, RunReport, StepReport, TestReport, TestStatus } from './model.ts';
import { overloadNote } from './overload-note.ts';
import { hasFailed } from './status.ts';
import { capText, seconds } from './text.ts';
import { writeReport } from './write-file.ts';

/** Longest error, in characters, and most log lines of a step: the report of hundreds of tests has to open quickly. */
const maxErrorLength = 8000;
const maxLogLines = 40;
const maxLogLineLength = 500;

const statusNames: Readonly<Record<TestStatus, string>> = {
  failed: 'FAILED',
  error: 'ERROR',
  flaky: 'FLAKY',
  passed: 'PASSED',
  skipped: 'SKIPPED',
};
const faultNames: Readonly<Record<Fault, string>> = {
  device: "the device's fault",
  usage: 'wrong use or configuration',
  environment: 'the environment: machine, Docker, images',
  bug: 'a bug of alpy',
};

/** The run as one page. It refers to nothing but the artifacts beside it. */
export function htmlReport(report: RunReport): string {
  const { tests, errors } = report;
  const files = Map.groupBy(tests, ({ file }) => file);
  const isGood = errors.length === 0 && !tests.some(hasFailed);
  const title = isGood ? 'All tests passed' : 'Not all tests passed';
  const { markup } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · alpy</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        ${headerPart(report, title, isGood)}
        <main>
          ${
            errors.length > 0
              ? html`<section>
                  <h2>Outside any test</h2>
                  ${errors.map(errorPart)}
                </section>`
              : undefined
          }
          ${[...files].map(
            ([file, testsOfFile]) =>
              html`<section>
                <h2>${file}</h2>
                ${sorted(testsOfFile).map(testPart)}
              </section> `,
          )}
        </main>
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

function headerPart(report: RunReport, title: string, isGood: boolean): Html {
  return html`<header>
    <h1 class="${isGood ? 'all-passed' : 'not-all'}">${title}</h1>
    <p>${countsOf(report)}</p>
    <dl>
      <dt>Started</dt>
      <dd><time datetime="${report.startedAt}">${report.startedAt.replace('T', ' ').replace(/\..*/, '')} UTC</time></dd>
      <dt>Duration</dt>
      <dd>${seconds(report.durationMs)}</dd>
      <dt>alpy</dt>
      <dd>${report.alpyVersion}</dd>
      ${Object.entries(report.environment).map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd> `,
      )}
    </dl>
    <p class="soft"><a href="../junit.xml">junit.xml</a> · <a href="../run.json">run.json</a></p>
  </header> `;
}

function countsOf({ tests, errors }: RunReport): string {
  const counts = (['passed', 'flaky', 'failed', 'error', 'skipped'] as const).map((status) => {
    const count = tests.filter((test) => test.status === status).length + (status === 'error' ? errors.length : 0);
    return count > 0 || status === 'passed' ? `${count} ${status === 'error' ? 'broken' : status}` : '';
  });
  return counts.filter((text) => text !== '').join(', ');
}

/** Failed tests first; otherwise in the order of the run. */
function sorted(tests: readonly TestReport[]): readonly TestReport[] {
  const order: readonly TestStatus[] = ['failed', 'error', 'flaky', 'passed', 'skipped'];
  return tests.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
}

function testPart(test: TestReport): Html {
  const { status, fullName, durationMs, errors, artifacts, steps, skipReason } = test;
  const overload = overloadNote(test);
  const screen = artifacts.find((artifact) => basename(artifact) === 'screen.png');
  return html`<details class="test ${status}" ${hasFailed(test) ? html` open` : undefined}>
    <summary>
      <span class="status">${statusNames[status]}</span><span class="name">${fullName}</span
      ><span class="time">${seconds(durationMs)}</span>
    </summary>
    <div>
      ${skipReason === undefined ? undefined : html`<p>${skipReason}</p>`}${errors.map(errorPart)}${overload === undefined ? undefined : html`<p>${overload}</p>`}
      ${
        screen === undefined
          ? undefined
          : html`<h3>Screen</h3>
              <p><img src="${artifactUrl(screen)}" alt="the screen of the device at the end of the test" /></p>`
      }
      ${
        artifacts.length > 0
          ? html`<h3>Files</h3>
              <ul class="files">
                ${artifacts.map(filePart)}
              </ul>`
          : undefined
      }
      ${
        steps.length > 0
          ? html`<h3>Steps</h3>
              ${stepsPart(steps, Math.max(1, durationMs))}`
          : undefined
      }
    </div>
  </details> `;
}

function errorPart({ message, diff, code, fault }: ErrorReport): Html {
  const text = [message, diff].filter((part) => part !== undefined && part !== '').join('\n');
  const faultLine =
    fault === undefined ? undefined : html`<p class="soft">${faultNames[fault]}${code === undefined ? '' : ` · ${code}`}</p>`;
  return html`${faultLine}
    <pre>${capText(text, maxErrorLength)}</pre>`;
}

function filePart(artifact: string): Html {
  return html`<li><a href="${artifactUrl(artifact)}">${fileTitle(basename(artifact))}</a></li>`;
}

function fileTitle(name: string): string {
  const link = /^link(\d+)\.pcap$/.exec(name)?.[1];
  if (link !== undefined) return `capture of link ${link} (pcap)`;
  const titles: Readonly<Record<string, string>> = {
    'console.log': 'console, byte for byte',
    'console.txt': 'console, to read',
    'debug.log': 'debug log',
    'events.ndjson': 'events',
    'screen.png': 'screen',
  };
  return titles[name] ?? name;
}

/** @param testMs - duration of the test; each bar shows the step's share of it */
function stepsPart(steps: readonly StepReport[], testMs: number): Html {
  return html`<ol class="steps">
    ${steps.map((step) => stepPart(step, testMs))}
  </ol>`;
}

function stepPart({ title, durationMs, error, log, children }: StepReport, testMs: number): Html {
  const percent = Math.min(100, Math.round((100 * (durationMs ?? 0)) / testMs));
  const time = durationMs === undefined ? 'never ended' : seconds(durationMs);
  const head = html`<div class="step${error === undefined ? '' : ' bad'}" style="--part: ${percent}">
    <span class="title">${title}${error === undefined ? '' : ' — failed'}</span><span class="time">${time}</span>
  </div>`;
  const shown = log.slice(0, maxLogLines).map((line) => capText(line, maxLogLineLength));
  const more = log.length > shown.length ? [`… ${log.length - shown.length} more lines in the debug log`] : [];
  const lines =
    log.length === 0
      ? undefined
      : html`<details>
          <summary class="soft">${log.length} lines</summary>
          <pre>${[...shown, ...more].join('\n')}</pre>
        </details>`;
  return html`<li>${head}${lines}${children.length > 0 ? stepsPart(children, testMs) : undefined}</li> `;
}

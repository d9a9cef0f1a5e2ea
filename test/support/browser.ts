// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { htmlReport } from '../../src/report/html.ts';
import type { RunReport } from '../../src/report/model.ts';

const executablePath = '/usr/bin/chromium';

/** Why no browser can be started; `undefined` if one can. */
export const noBrowser = existsSync(executablePath) ? undefined : `${executablePath} is missing: apt-get install chromium`;

/** The smallest picture: one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** A page of a browser, and what it did. Closed when it is released. */
export interface OpenReport extends AsyncDisposable {
  readonly page: Page;
  /** addresses that it loaded, the page itself first */
  readonly requests: readonly string[];
  /** errors of scripts, messages of the console, and dialogs */
  readonly problems: readonly string[];
}

/** A browser that shows reports from a temporary output directory, which has pictures of their tests. */
export class ReportBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #out: string;
  #opened = 0;

  private constructor(browser: Browser, out: string) {
    this.#browser = browser;
    this.#out = out;
  }

  static async start(): Promise<ReportBrowser> {
    // without its sandbox, because it refuses to run as root with one
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    return new ReportBrowser(browser, await mkdtemp(join(tmpdir(), 'alpy-report-')));
  }

  /** Writes a report and its pictures. @returns its address */
  async write(report: RunReport): Promise<string> {
    const folder = join(this.#out, `report-${(this.#opened += 1)}`);
    await mkdir(join(folder, 'report'), { recursive: true });
    for (const { directory, artifacts } of report.tests) {
      const pictures = artifacts.filter((file) => file.endsWith('.png'));
      if (pictures.length > 0) await mkdir(join(folder, directory ?? ''), { recursive: true });
      for (const file of pictures) await writeFile(join(folder, file), png);
    }
    const file = join(folder, 'report', 'index.html');
    await writeFile(file, htmlReport(report));
    return pathToFileURL(file).href;
  }

  /** Opens an address that {@link write} returned. */
  async open(address: string, options: BrowserContextOptions = {}): Promise<OpenReport> {
    const page = await this.#browser.newPage({ viewport: { width: 1400, height: 1000 }, ...options });
    const [requests, problems]: [string[], string[]] = [[], []];
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => problems.push(message.text()));
    page.on('dialog', (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(address);
    return { page, requests, problems, [Symbol.asyncDispose]: () => page.close() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await rm(this.#out, { recursive: true });
  }
}

// Functions that run in the page are texts, because the project is compiled without the types of a browser.

/** When the page was parsed, and when the browser showed something, in `ms` after it was asked for. */
export async function timingOf(page: Page): Promise<{ readonly loadedMs: number; readonly paintMs: number }> {
  const paint = "performance.getEntriesByName('first-contentful-paint')[0]";
  await page.waitForFunction(`${paint} !== undefined`);
  const loaded = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd";
  return await page.evaluate(`({ loadedMs: ${loaded}, paintMs: ${paint}.startTime })`);
}

/** The visible text with the lowest contrast with its background, as WCAG defines it. */
export async function lowestContrast(page: Page): Promise<{ readonly ratio: number; readonly text: string }> {
  return await page.evaluate(`(() => {
    const channels = (color) => color.match(/[\\d.]+/g).map(Number);
    const luminance = (color) => {
      const [red, green, blue] = channels(color).map((value) => {
        const part = value / 255;
        return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const backgroundOf = (element) => {
      const color = getComputedStyle(element).backgroundColor;
      return channels(color)[3] === 0 ? backgroundOf(element.parentElement) : color;
    };
    const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    const texts = [...document.querySelectorAll('body *:not(option, script)')].filter((one) => one.checkVisibility() && hasText(one));
    const ratios = texts.map((element) => {
      const pair = [luminance(getComputedStyle(element).color), luminance(backgroundOf(element))];
      const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
      return { ratio, text: element.className + ': ' + element.textContent };
    });
    return ratios.sort((a, b) => a.ratio - b.ratio)[0];
  })()`);
}

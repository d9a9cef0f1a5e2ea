// SPDX-License-Identifier: GPL-3.0-or-later
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunReport } from '../../src/report/model.ts';
import { lowestContrast, noBrowser, ReportBrowser, timingOf } from '../support/browser.ts';
import { generatedReport } from '../support/generated-report.ts';
import { hostileReport } from '../support/hostile.ts';

if (noBrowser !== undefined) process.stderr.write(`the tests of the report in a browser are skipped: ${noBrowser}\n`);

const reports: Readonly<Record<number, RunReport>> = {
  1: generatedReport({ tests: 1, failed: 1 }),
  30: generatedReport({ tests: 30, failed: 6, flaky: 2, skipped: 2 }),
  1000: generatedReport({ tests: 1000, failed: 50, flaky: 10, skipped: 20 }),
};

describe.skipIf(noBrowser !== undefined)('the report in a browser', () => {
  let browser: ReportBrowser;
  const addresses: Record<number, string> = {};

  beforeAll(async () => {
    browser = await ReportBrowser.start();
    for (const [amount, report] of Object.entries(reports)) addresses[Number(amount)] = await browser.write(report);
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
  });

  const address = (amount: number): string => addresses[amount]!;
  const shown = (page: Page): Promise<number> => page.locator('.test:visible').count();

  test.for([1, 30, 1000])('a report of %i tests has them all, and shows the first cause without scrolling', async (amount) => {
    await using report = await browser.open(address(amount));
    const { page, problems } = report;
    expect(await page.locator('.test').count()).toBe(amount);
    const [cause] = reports[amount]!.tests.find(({ status }) => status === 'failed')!.errors;
    const box = await page.locator('.causes').getByText(cause!.message).boundingBox();
    expect(box?.y).toBeLessThan(500);
    expect(problems).toEqual([]);
  });

  test('a report of 1000 tests opens in time', async () => {
    await using report = await browser.open(address(1000));
    const { page } = report;
    const timing = await timingOf(page);
    // a second on an idle machine; this one may be busy
    expect(timing.loadedMs).toBeLessThan(10_000);
    expect(timing.paintMs).toBeLessThan(10_000);
  });

  test('what is folded is neither laid out nor loaded until it is opened', async () => {
    await using report = await browser.open(address(1000));
    const { page, requests } = report;
    const pictures = (): number => requests.filter((url) => url.endsWith('.png')).length;
    expect(pictures()).toBeLessThanOrEqual(5); // of 60; those of the open tests
    const group = page.locator('details.group').first();
    const steps = group.locator('.steps').first();
    expect(await steps.isVisible()).toBe(false);
    await group.locator('summary').first().click();
    await group.locator('.test > summary').first().click();
    expect(await steps.isVisible()).toBe(false);
    await group.locator('.test .more > summary').first().click();
    expect(await steps.isVisible()).toBe(true);
    expect(await steps.textContent()).toContain('Start QEMU');
  });

  test('the search finds names, files and errors, and the index follows it', async () => {
    await using report = await browser.open(address(1000));
    const { page } = report;
    await page.getByLabel('Search').fill('CASE 777');
    expect(await shown(page)).toBe(1);
    expect(await page.locator('.test:visible .name').textContent()).toContain('works in case 777');
    expect(await page.locator('.causes:visible').count()).toBe(0);
    await page.getByLabel('Search').fill('tests/dhcp');
    expect(await shown(page)).toBe(100);
    await page.getByLabel('Search').fill('address in use');
    const inUse = reports[1000]!.tests.filter(({ errors }) => JSON.stringify(errors).includes('Address in use')).length;
    expect(await shown(page)).toBe(inUse);
    expect(await page.locator('.cause:visible').first().textContent()).toContain('exited unexpectedly');
    expect(await page.locator('output').textContent()).toBe(`${inUse} of 1000 tests`);
    await page.getByLabel('Search').fill('');
    expect(await page.locator('details.group[open]').count()).toBe(0); // folded again
  });

  test('filters by status and file combine, and their state is in the address', async () => {
    await using report = await browser.open(address(1000));
    const { page } = report;
    await page.getByLabel('Failed 34').check();
    expect(await shown(page)).toBe(34);
    await page.getByLabel('Flaky 10').check();
    expect(await shown(page)).toBe(44);
    await page.locator('select').selectOption('tests/nat.test.ts');
    const both = await shown(page);
    expect(both).toBeGreaterThan(0);
    expect(both).toBeLessThan(44);
    await using again = await browser.open(page.url());
    expect(await shown(again.page)).toBe(both);
    expect(await again.page.getByLabel('Flaky 10').isChecked()).toBe(true);
    expect(await again.page.locator('select').inputValue()).toBe('tests/nat.test.ts');
  });

  test('the keyboard reaches the search, and opens tests', async () => {
    await using report = await browser.open(address(30));
    const { page } = report;
    await page.keyboard.press('/');
    await page.keyboard.type('case 29');
    expect(await shown(page)).toBe(1);
    const summary = page.locator('.test:visible > summary');
    await summary.focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('.test:visible[open]').count()).toBe(1);
  });

  test.for([true, false])('a link of the index opens its test, with scripts: %s', async (javaScriptEnabled) => {
    await using report = await browser.open(address(30), { javaScriptEnabled });
    const { page } = report;
    const link = page.locator('.causes a').last();
    const id = (await link.getAttribute('href'))!.slice(1);
    const failure = page.locator(`#${id} .failure`).first();
    await link.click();
    await failure.waitFor({ state: 'visible' });
    expect((await failure.boundingBox())!.y).toBeLessThan(1000);
  });

  test('without scripts everything is there except search and filters', async () => {
    await using report = await browser.open(address(30), { javaScriptEnabled: false });
    const { page } = report;
    expect(await page.locator('form.filters').isVisible()).toBe(false);
    expect(await shown(page)).toBe(30);
    expect(await page.locator('.failure .code:visible').count()).toBeGreaterThan(0);
    await page.locator('.test:visible .more > summary', { hasText: 'Steps' }).first().click();
    expect(await page.locator('.steps:visible').count()).toBe(1);
  });

  test.for([1, 30, 1000])('a report of %i tests fits a phone', async (amount) => {
    await using report = await browser.open(address(amount), { viewport: { width: 390, height: 800 } });
    const { page } = report;
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });

  test.for(['light', 'dark'] as const)('all texts have a contrast of 4.5 in %s colours', async (colorScheme) => {
    await using report = await browser.open(address(30), { colorScheme });
    const { page } = report;
    expect(await lowestContrast(page)).toMatchObject({ ratio: expect.toSatisfy((ratio: number) => ratio >= 4.5) as number });
  });

  test('every control has a label, and every picture a description', async () => {
    await using report = await browser.open(address(30));
    const { page } = report;
    const withoutLabel = "[...document.querySelectorAll('input, select')].filter(({ labels }) => labels.length !== 1).length";
    expect(await page.evaluate(withoutLabel)).toBe(0);
    expect(await page.locator('img:not([alt]), img[alt=""]').count()).toBe(0);
  });

  test('hostile text is shown as text: nothing runs, loads or changes the page', async () => {
    const url = await browser.write(hostileReport());
    await using report = await browser.open(url);
    const { page, requests, problems } = report;
    await page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true");
    await page.getByLabel('Search').fill('<script>alert');
    expect(await page.locator('.test:visible').count()).toBe(5);
    expect(await page.locator('script, img, b:not(.bad), svg, [onload], [onerror], [onfocus], [onmouseover]').count()).toBe(1); // the page's own script
    expect(await page.locator('.message').first().textContent()).toContain('<img src=x onerror="alert(1)">');
    expect(await page.locator('body').innerText()).not.toMatch(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/u);
    expect(requests).toEqual([url]);
    expect(problems).toEqual([]);
  });

  test('the page itself forbids scripts that alpy did not write, and requests', async () => {
    await using report = await browser.open(address(1));
    const { page, problems } = report;
    const refused = page.waitForEvent('requestfailed');
    await page.evaluate(
      `document.body.insertAdjacentHTML('beforeend', '<svg onload="alert(1)"></svg><img src="http://evil.example/x.png">')`,
    );
    expect((await refused).failure()?.errorText).toBe('csp');
    expect(problems).toContainEqual(expect.stringContaining('inline event handler'));
    expect(problems.filter((one) => one.startsWith('dialog'))).toEqual([]);
  });
});

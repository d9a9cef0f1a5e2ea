// SPDX-License-Identifier: GPL-3.0-or-later
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pages, pageText, root } from '../../../scripts/doc-pages.ts';

it.each(pages)('%s is up to date; if not, run node scripts/docs.ts', (page) => {
  expect(readFileSync(join(root, page), 'utf8')).toBe(pageText(page));
});

it('every example is quoted by a page', () => {
  const text = pages.map((page) => readFileSync(join(root, page), 'utf8')).join('\n');
  const examples = globSync('docs/examples/**/*.test.ts', { cwd: root });
  expect(examples.length).toBeGreaterThan(9);
  expect(examples.filter((file) => !text.includes(`<!-- quote: ${file} -->`))).toEqual([]);
});

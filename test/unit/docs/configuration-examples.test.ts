// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../../scripts/doc-pages.ts';
import { resolveConfig } from '../../../src/config/index.ts';

const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
const examples = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = '']) => text);

test('the page has examples', () => {
  expect(examples.length).toBeGreaterThan(3);
});

test.each(examples)('the configuration is valid: %s', (text) => {
  expect(() => resolveConfig({ file: '/alpy.yaml', raw: parse(text), directory: '/' })).not.toThrow();
});

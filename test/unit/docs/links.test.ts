// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const foreign = ['node_modules/**', '.cache/**', 'dist/**', '**/alpy-out/**'];
const pages = globSync('**/*.md', { cwd: root, exclude: foreign }).sort();

/** The text without code: what is in code is no link and no heading. */
function prose(text: string): string {
  return text.replace(/^( *)```[^]*?^\1```/gm, '').replace(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ''));
}

/** The anchors of a page: those that GitLab and GitHub give to its headings, and explicit ones. */
function anchorsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = [...text.replace(/^( *)```[^]*?^\1```/gm, '').matchAll(/^#{1,6} (.*)$/gm)].map(([, title = '']) => {
    const shown = title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
    const anchor = shown
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
  const explicit = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id); // in the API reference
  return new Set([...anchors, ...explicit]);
}

/** The relative links of a page. */
function linksOf(text: string): readonly string[] {
  const targets = [...prose(text).matchAll(/\]\(<?([^)\s>]+)>?\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z][a-z+.-]*:/i.test(target));
}

const anchors = new Map<string, ReadonlySet<string>>();

function hasAnchor(file: string, anchor: string): boolean {
  const known = anchors.get(file) ?? anchorsOf(readFileSync(file, 'utf8'));
  anchors.set(file, known);
  return known.has(anchor);
}

/** Why a link leads nowhere; `undefined` if it is right. */
function problemOf(page: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? join(root, page) : join(root, dirname(page), decodeURI(path));
  if (!existsSync(file)) return `${page}: no file ${relative(root, file)} (link to ${target})`;
  if (anchor === undefined || !file.endsWith('.md') || statSync(file).isDirectory()) return undefined;
  return hasAnchor(file, anchor) ? undefined : `${page}: ${relative(root, file)} has no heading #${anchor}`;
}

it('reads the pages', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/troubleshooting.md', 'ci-images/README.md']));
  expect(linksOf(readFileSync(join(root, 'README.md'), 'utf8')).length).toBeGreaterThan(5);
});

it('notices a file and a heading that do not exist', () => {
  expect(problemOf('README.md', 'docs/nowhere.md')).toBeDefined();
  expect(problemOf('README.md', 'docs/configuration.md#no-such-heading')).toBeDefined();
  expect(problemOf('README.md', 'docs/configuration.md#all-keys')).toBeUndefined();
});

it.each(pages)('%s: every relative link leads to a file and a heading that exist', (page) => {
  const problems = linksOf(readFileSync(join(root, page), 'utf8')).map((target) => problemOf(page, target));
  expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
});

it('README.md leads to every page of docs and examples', () => {
  const reached = new Set<string>();
  const follow = (page: string): void => {
    if (reached.has(page) || !pages.includes(page)) return;
    reached.add(page);
    for (const target of linksOf(readFileSync(join(root, page), 'utf8'))) follow(join(dirname(page), target.split('#')[0] ?? ''));
  };
  follow('README.md');
  expect(pages.filter((page) => /^(docs|examples)\//.test(page) && !reached.has(page))).toEqual([]);
});

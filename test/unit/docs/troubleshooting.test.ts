// SPDX-License-Identifier: GPL-3.0-or-later
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const page = 'docs/troubleshooting.md';
const text = readFileSync(join(root, page), 'utf8');

/** The sections of the page: code and body. */
const sections = text
  .split(/^## /m)
  .slice(1)
  .map((section) => ({ code: section.split('\n', 1)[0] ?? '', body: section.split('\n').slice(1).join('\n').trim() }));

/** Every error code in the sources, with a file that has it. Environment variables are called `ALPY_…`, too, but not on a line with `code`. */
function codesOfSources(): ReadonlyMap<string, string> {
  const files = globSync('src/**/*.ts', { cwd: root }).sort();
  const found = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/\bcode\b[^\n]*?'(ALPY_[A-Z0-9_]+)'/gi)].map(
      ([, code = '']) => [code, file] as const,
    ),
  );
  return new Map(found);
}

describe('docs/troubleshooting.md', () => {
  const codes = codesOfSources();

  it('finds the codes of the sources', () => {
    expect([...codes.keys()]).toEqual(expect.arrayContaining(['ALPY_USAGE', 'ALPY_WORKER_DIED', 'ALPY_CLEANUP', 'ALPY_LOGIN']));
  });

  it('has a section for every error code of the sources', () => {
    const documented = new Set(sections.map(({ code }) => code));
    const missing = [...codes].filter(([code]) => !documented.has(code));
    expect(
      missing.map(
        ([code, file]) => `add a section "## ${code}" to ${page} (meaning, usual causes, what to do); the code is in ${file}`,
      ),
    ).toEqual([]);
  });

  it('has no section for a code that no source has', () => {
    const stale = sections.filter(({ code }) => !codes.has(code));
    expect(stale.map(({ code }) => `remove or rename the section "## ${code}" of ${page}`)).toEqual([]);
  });

  it('lists the codes in alphabetical order, so that people find them', () => {
    const titles = sections.map(({ code }) => code.replaceAll('_', ' ')); // EXEC TIMEOUT before EXECUTOR
    expect(titles).toEqual([...titles].sort((one, two) => (one < two ? -1 : 1)));
  });

  it('explains each code in a sentence at least', () => {
    expect(sections.filter(({ body }) => !/^[A-Z][^]{40,}\.$/.test(body)).map(({ code }) => code)).toEqual([]);
  });
});

// SPDX-License-Identifier: GPL-3.0-or-later
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationTable, nodesTable } from './configuration-table.ts';
import { privilegesTable } from './privileges.ts';

/** The root of the repository. */
export const root = join(import.meta.dirname, '..');

/** Pages with generated parts, relative to the root. */
export const pages: readonly string[] = ['README.md', ...globSync('docs/**/*.md', { cwd: root }).sort()];

/** The text of a page with its generated parts brought up to date: quoted files and tables. */
export function pageText(path: string): string {
  const text = withQuotes(readFileSync(join(root, path), 'utf8'));
  const tables = { table: configurationTable, nodes: nodesTable, privileges: privilegesTable };
  return Object.entries(tables).reduce((page, [name, table]) => withTable(page, name, table), text);
}

/** Fills in the code blocks after a comment `<!-- quote: FILE -->`. */
function withQuotes(text: string): string {
  return text.replace(/(<!-- quote: (\S+) -->\n+```\w*\n)[^]*?(```)/g, (_, head: string, file: string, end: string) => {
    return `${head}${readFileSync(join(root, file), 'utf8')}${end}`;
  });
}

/** Fills in a generated table between the comments that begin and end it. */
function withTable(text: string, name: string, table: () => string): string {
  return text.replace(
    new RegExp(`(<!-- ${name}: begin -->\\n)[^]*(<!-- ${name}: end -->)`),
    (_, begin: string, end: string) => `${begin}${table()}\n${end}`,
  );
}

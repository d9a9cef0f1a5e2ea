// SPDX-License-Identifier: GPL-3.0-or-later
import { parse, stringify, type TomlTable } from 'smol-toml';

/** A line of TOML, or several lines with one value. */
interface Statement {
  /** number of its first line */
  readonly start: number;
  /** number of the line after it */
  readonly end: number;
  /** name of the table, such as `runners` or `runners.custom`; absent if the statement sets a key */
  readonly header?: string;
  /** the key it sets and its value; absent for a header */
  readonly sets?: { readonly key: string; readonly value: unknown };
}

/** Keys of a table with their values. */
export type Keys = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/**
 * Sets keys of one table of an array of tables and changes nothing else: comments, order and indentation stay. Pure.
 * @param text - valid TOML
 * @param name - of the array of tables: `runners`
 * @param index - of the table, from 0
 * @param own - keys of the table itself
 * @param inner - keys of tables below it, by their names: `custom`
 * @returns the new text. The caller must check its meaning, because tables can be written in ways that this does not support
 */
export function setKeys(text: string, name: string, index: number, own: Keys, inner: Readonly<Record<string, Keys>>): string {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  let lines = text.split(/\r?\n/);
  for (const [below, keys] of Object.entries(inner)) lines = setIn(lines, { name, index, below }, keys);
  return setIn(lines, { name, index }, own).join(lineEnd);
}

/** A table of an array of tables, or a table below one. */
interface TablePath {
  readonly name: string;
  readonly index: number;
  readonly below?: string;
}

function setIn(lines: readonly string[], path: TablePath, keys: Keys): string[] {
  const [header, ...statements] = section(lines, path);
  if (!header) return path.below === undefined ? [...lines] : addTable(lines, path, path.below, keys);
  const found = new Map(statements.flatMap((statement) => (statement.sets ? [[statement.sets.key, statement]] : [])));
  const last = [header, ...found.values()].at(-1) ?? header;
  const indent = /^\s*/.exec(lines[[...found.values()][0]?.start ?? -1] ?? `${indentOf(lines[header.start])}  `)?.[0] ?? '';
  const out: string[] = [];
  for (let number = 0; number < lines.length; number++) {
    const statement = statements.find(({ start }) => start === number);
    const key = statement?.sets?.key;
    const value = key === undefined ? undefined : keys[key];
    if (statement && key !== undefined && value !== undefined) {
      const old = lines.slice(statement.start, statement.end);
      const isSame = JSON.stringify(statement.sets?.value) === JSON.stringify(value);
      out.push(...(isSame ? old : [`${indentOf(old[0])}${assignment(key, value)}${commentOf(old)}`]));
      number = statement.end - 1;
    } else out.push(lines[number] ?? '');
    if (number === last.end - 1)
      for (const [name, missing] of Object.entries(keys)) if (!found.has(name)) out.push(indent + assignment(name, missing));
  }
  return out;
}

/** Adds a table after all others that belong to the same element of the array. */
function addTable(lines: readonly string[], { name, index }: TablePath, below: string, keys: Keys): string[] {
  const all = statementsOf(lines);
  const starts = all.filter(({ header }) => header === name);
  const begin = all.indexOf(starts[index] ?? { start: 0, end: 0 });
  const rest = all.slice(begin + 1);
  const length = rest.findIndex(({ header }) => header !== undefined && !header.startsWith(`${name}.`));
  const last = all[begin + (length < 0 ? rest.length : length)];
  const indent = `${indentOf(lines[starts[index]?.start ?? 0])}  `;
  const table = [
    `${indent}[${name}.${below}]`,
    ...Object.entries(keys).map(([key, value]) => `${indent}  ${assignment(key, value)}`),
  ];
  const at = last?.end ?? lines.length;
  return [...lines.slice(0, at), ...table, ...lines.slice(at)];
}

/** The header of a table and its own keys; empty if there is no such table. */
function section(lines: readonly string[], { name, index, below }: TablePath): readonly Statement[] {
  const all = statementsOf(lines);
  const begins = all.flatMap(({ header }, number) => (header === name ? [number] : []));
  const begin = begins[index];
  if (begin === undefined) return [];
  const part = all.slice(begin, begins[index + 1]);
  const first = below === undefined ? 0 : part.findIndex(({ header }) => header === `${name}.${below}`);
  if (first < 0) return [];
  const length = part.slice(first + 1).findIndex(({ header }) => header !== undefined);
  return part.slice(first, length < 0 ? undefined : first + 1 + length);
}

function statementsOf(lines: readonly string[]): readonly Statement[] {
  const found: Statement[] = [];
  for (let start = 0; start < lines.length;) {
    const line = lines[start] ?? '';
    const header = /^\s*\[\[?([^\][]+)\]/.exec(line)?.[1];
    if (header !== undefined) found.push({ start, end: start + 1, header: header.replace(/[\s"']/g, '') });
    const statement = header === undefined ? assignmentAt(lines, start) : undefined;
    if (statement) found.push(statement);
    start = statement?.end ?? start + 1;
  }
  return found;
}

/** A value may span lines: it ends where the text read so far is valid. `undefined` for an empty line or a comment. */
function assignmentAt(lines: readonly string[], start: number): Statement | undefined {
  for (let end = start + 1; end <= lines.length; end++) {
    const table = parsed(lines.slice(start, end).join('\n'));
    if (!table) continue;
    const [entry] = Object.entries(table);
    return entry && { start, end, sets: { key: entry[0], value: entry[1] } };
  }
  return undefined;
}

function parsed(text: string): TomlTable | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** The comment after a value of one line. */
function commentOf(lines: readonly string[]): string {
  const [line = ''] = lines;
  if (lines.length > 1) return '';
  for (let at = line.indexOf('#'); at >= 0; at = line.indexOf('#', at + 1))
    if (parsed(line.slice(0, at))) return ` ${line.slice(at)}`; // a # inside a string leaves the string open
  return '';
}

function indentOf(line = ''): string {
  return /^\s*/.exec(line)?.[0] ?? '';
}

/** A line of TOML that sets a key. Pure. */
export function assignment(key: string, value: Keys[string]): string {
  return stringify({ [key]: value }).trim();
}

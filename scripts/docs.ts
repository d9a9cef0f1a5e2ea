// SPDX-License-Identifier: GPL-3.0-or-later
// docs.ts: writes the generated parts of the documentation: the table in docs/configuration.md from the schema, and every code
// block after a comment `<!-- quote: FILE -->` from that file.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema, knownValues } from '../src/config/index.ts';
import { variableName } from '../src/core/variables.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const root = join(import.meta.dirname, '..');
const largest = Number.MAX_SAFE_INTEGER; // the maximum in the JSON Schema of a number without a limit

for (const name of ['README.md', 'docs/configuration.md', 'docs/executor.md', 'docs/writing-tests.md']) {
  const path = join(root, name);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, withTable(withQuotes(text)));
}

/** Fills in the code blocks that quote a file. */
function withQuotes(text: string): string {
  return text.replace(/(<!-- quote: (\S+) -->\n+```\w*\n)[^]*?(```)/g, (_, head: string, file: string, end: string) => {
    return `${head}${readFileSync(join(root, file), 'utf8')}${end}`;
  });
}

/** Fills in the table of all values. */
function withTable(text: string): string {
  const table = [
    '| key | type | default | variable | meaning |',
    '|---|---|---|---|---|',
    ...knownValues().map(({ path }) => row(path)),
  ];
  return text.replace(
    /(<!-- table: begin -->\n)[^]*(<!-- table: end -->)/,
    (_, begin: string, end: string) => `${begin}${table.join('\n')}\n${end}`,
  );
}

function row(path: readonly string[]): string {
  const schema = path.reduce<Schema | undefined>((outer, name) => outer?.properties?.[name], configJsonSchema());
  const outer = path.slice(0, -1).reduce<Schema | undefined>((one, name) => one?.properties?.[name], configJsonSchema());
  const description = knownValues().find((value) => value.path.join('.') === path.join('.'))?.description ?? '';
  const variable = schema?.type === 'array' ? '' : `\`${variableName(path)}\``;
  const isRequired = outer?.required?.includes(path.at(-1) ?? '') === true;
  const standard = schema?.default === undefined ? (isRequired ? 'required' : '') : code(JSON.stringify(schema.default));
  return `| \`${path.join('.')}\` | ${typeOf(schema ?? {})} | ${standard} | ${variable} | ${cell(description)} |`;
}

function typeOf({ type = '', enum: values, items, minimum = -largest, maximum = largest }: Schema): string {
  if (values) return values.map(code).join(', ');
  if (type === 'array') return `list of ${typeOf(items ?? {})}`;
  if (type !== 'integer') return type;
  return maximum === largest ? `integer, ${minimum} or more` : `integer, ${minimum} to ${maximum}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { configJsonSchema, knownValues } from '../src/config/index.ts';
import { variableName } from '../src/core/variables.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly description?: string;
  readonly required?: readonly string[];
}

const largest = Number.MAX_SAFE_INTEGER; // the maximum in the JSON Schema of a number without a limit

/** The table of all keys of the configuration, as Markdown. */
export function configurationTable(): string {
  return [
    '| key | type | default | variable | meaning |',
    '|---|---|---|---|---|',
    ...knownValues().map(({ path }) => row(path)),
  ].join('\n');
}

/** The table of all keys that a node may have, as Markdown. */
export function nodesTable(): string {
  const all: Schema = configJsonSchema();
  return [
    '| key | type | meaning |',
    '|---|---|---|',
    ...keysOf(all.properties?.['topology']?.properties?.['nodes']?.additionalProperties ?? {}).map(
      ({ path, schema }) => `| \`${path}\` | ${typeOf(schema)} | ${cell(schema.description ?? '')} |`,
    ),
  ].join('\n');
}

/** The keys of an object, and those below them: `dhcp`, `dhcp.range`, … */
function keysOf({ properties = {} }: Schema, prefix = ''): readonly { readonly path: string; readonly schema: Schema }[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`;
    return [{ path, schema }, ...keysOf(schema, `${path}.`)];
  });
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

function typeOf({ type = '', enum: values, items, anyOf, minimum = -largest, maximum = largest }: Schema): string {
  if (anyOf) return [...new Set(anyOf.map(typeOf))].join(' or ');
  if (values) return values.map(code).join(', ');
  if (type === 'array' && items?.anyOf) return 'list';
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

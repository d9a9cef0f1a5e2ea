// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../../scripts/doc-pages.ts';
import { configJsonSchema, resolveConfig } from '../../../src/config/index.ts';
import { documentedConfig } from '../../support/documented-config.ts';

const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
const examples = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = '']) => text);

test('the page has examples', () => {
  expect(examples.length).toBeGreaterThan(3);
});

test.each(examples)('the configuration is valid: %s', (text) => {
  expect(() => resolveConfig({ file: '/alpy.yaml', raw: parse(text), directory: '/' })).not.toThrow();
});

/** What the test reads of a JSON Schema. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: Schema;
}

/** All keys that a schema describes, such as `appliance.disks.bus`. */
function keysIn({ properties = {}, items, anyOf = [] }: Schema, at: string): readonly string[] {
  const own = Object.entries(properties).flatMap(([name, schema]) => [`${at}.${name}`, ...keysIn(schema, `${at}.${name}`)]);
  return [...own, ...[...anyOf, ...(items ? [items] : [])].flatMap((schema) => keysIn(schema, at))];
}

/** All keys that a value has. */
function keysOf(value: unknown, at: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => keysOf(item, at));
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([name, inner]) => keysOf(inner, `${at}.${name}`))];
}

test('each key of the appliance has an example', () => {
  const shown = new Set(
    examples.flatMap((text) => keysOf((parse(text) as { readonly appliance?: unknown }).appliance, 'appliance')),
  );
  const known = keysIn((configJsonSchema() as Schema).properties!['appliance']!, 'appliance');
  expect(known.length).toBeGreaterThan(80);
  expect([...new Set(known)].filter((key) => !shown.has(key))).toEqual([]);
});

test('the examples of nodes have each key of a node', () => {
  const shown = ['nodes.yaml', 'topology.yaml', 'bond.yaml', 'uplink.yaml', 'guest-nodes.yaml'].flatMap((example) =>
    Object.values(documentedConfig(example).topology.nodes ?? {}).flatMap((node) => keysOf(node, 'node')),
  );
  const known = keysIn(
    (configJsonSchema() as Schema).properties!['topology']!.properties!['nodes']!.additionalProperties!,
    'node',
  );
  expect(known).toContain('node.dhcp.leaseSeconds');
  const ofInterfaces = (key: string): string => key.replace(/^node\.bond\.(?!mode|interfaces)/, 'node.'); // a bond has them, too
  expect(known.map(ofInterfaces).filter((key) => !shown.includes(key))).toEqual([]);
});

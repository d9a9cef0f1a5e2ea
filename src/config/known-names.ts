// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import { configJsonSchema } from './schema.ts';
import { valueAt, type Path } from './tree.ts';

/** One value of the configuration, as described by the schema. */
export interface KnownValue {
  readonly path: readonly string[];
  /** JSON Schema type: `string`, `integer`, `array` */
  readonly type: string;
  readonly description: string;
}

function propertiesOf(schema: unknown): JsonObject {
  const properties = valueAt(schema, ['properties']);
  return isJsonObject(properties) ? properties : {};
}

function* walk(schema: unknown, path: readonly string[]): Generator<KnownValue> {
  for (const [name, inner] of Object.entries(propertiesOf(schema))) {
    const type = String(valueAt(inner, ['type']));
    if (type === 'object') yield* walk(inner, [...path, name]);
    else yield { path: [...path, name], type, description: String(valueAt(inner, ['description'])) };
  }
}

/** Every value that a configuration may have, in the order of the schema. */
export function knownValues(): readonly KnownValue[] {
  return [...walk(configJsonSchema(), [])];
}

/** The keys that the object at `path` may have. */
export function knownNames(path: Path): readonly string[] {
  const inner = (schema: unknown, name: PropertyKey): unknown =>
    valueAt(schema, typeof name === 'number' ? ['items'] : ['properties', name]);
  return Object.keys(propertiesOf(path.reduce(inner, configJsonSchema())));
}

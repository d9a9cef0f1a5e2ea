// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import { valueAt, type Path } from '../core/value-at.ts';
import { configJsonSchema } from './schema.ts';

/** One value of the configuration, as described by the schema. */
export interface KnownValue {
  readonly path: readonly string[];
  /** JSON Schema type: `string`, `integer`, `array`; `choice` for a text or an object; `boolean or integer` */
  readonly type: string;
  readonly description: string;
}

/** Of a value that may be a text or an object, those of the object. */
function propertiesOf(schema: unknown): JsonObject {
  const choices = valueAt(schema, ['anyOf']);
  const found = Array.isArray(choices) ? choices.map(propertiesOf).find((one) => Object.keys(one).length > 0) : undefined;
  const properties = found ?? valueAt(schema, ['properties']);
  return isJsonObject(properties) ? properties : {};
}

function* walk(schema: unknown, path: readonly string[]): Generator<KnownValue> {
  for (const [name, inner] of Object.entries(propertiesOf(schema))) {
    const type = String(valueAt(inner, ['type']));
    if (type === 'object') yield* walk(inner, [...path, name]);
    else
      yield {
        path: [...path, name],
        type: isChoice(inner) ? choiceType(inner) : type,
        description: String(valueAt(inner, ['description'])),
      };
  }
}

/** The type of a value that may be of several types: those of them that a variable can set and that are no text. */
function choiceType(schema: unknown): string {
  const choices = valueAt(schema, ['anyOf']);
  const types = Array.isArray(choices) ? choices.map((choice) => valueAt(choice, ['type'])) : [];
  return ['boolean', 'integer'].filter((type) => types.includes(type)).join(' or ') || 'choice';
}

function isChoice(schema: unknown): boolean {
  return valueAt(schema, ['anyOf']) !== undefined;
}

/** Every value that a configuration may have, in the order of the schema. */
export function knownValues(): readonly KnownValue[] {
  return [...walk(configJsonSchema(), [])];
}

/** The keys that the object at `path` may have. */
export function knownNames(path: Path): readonly string[] {
  return Object.keys(propertiesOf(path.reduce(schemaOf, configJsonSchema())));
}

/** The schema of a value in an object, or of an element of a list. */
function schemaOf(schema: unknown, name: PropertyKey): unknown {
  return typeof name === 'number'
    ? itemsOf(schema)
    : (propertiesOf(schema)[String(name)] ?? valueAt(schema, ['additionalProperties'])); // of any name
}

/** The schema of the elements of a list, also if the value may be something else. */
function itemsOf(schema: unknown): unknown {
  const choices = valueAt(schema, ['anyOf']);
  const lists = Array.isArray(choices) ? choices.map((choice) => valueAt(choice, ['items'])) : [];
  return valueAt(schema, ['items']) ?? lists.find((items) => items !== undefined);
}

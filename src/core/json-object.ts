// SPDX-License-Identifier: GPL-3.0-or-later

/** An object as JSON has it: its fields are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is an object with fields: neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A value of JSON for a message: a string as it is, anything else as JSON. `String` fails for an object that has a field called
 * `toString`.
 */
export function jsonText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject } from '../core/json-object.ts';

/** Keys whose values nothing shows: passwords, and answers to the questions of a device, which may be secret. */
const secretKeys: ReadonlySet<unknown> = new Set(['password', 'newPassword', 'send']);

/** Whether the value of a key may be a secret. */
export function isSecretKey(key: unknown): boolean {
  return secretKeys.has(key);
}

/** Stands for a secret. */
export const hidden = '(hidden)';

/** A copy of a value of the configuration in which secrets are `(hidden)`. @param key - the last key of its path */
export function withoutSecrets(key: string, value: unknown): unknown {
  if (isSecretKey(key) && typeof value === 'string') return hidden;
  if (Array.isArray(value)) return value.map((item: unknown) => withoutSecrets('', item));
  if (!isJsonObject(value)) return value;
  const isSecret = value['secret'] === true || !('expect' in value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, isSecret ? withoutSecrets(name, inner) : inner]));
}

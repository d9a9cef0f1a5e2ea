// SPDX-License-Identifier: GPL-3.0-or-later

/** Environment variables, as in `process.env`. The CLI passes them to everything that needs them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The value of a variable, without blanks around it. Blanks alone count as unset, because CI systems cannot unset a variable.
 * All variables are read this way, except those whose blanks matter, such as passwords.
 */
export function valueOf(values: Variables, name: string): string | undefined {
  const value = values[name]?.trim();
  return value === '' ? undefined : value;
}

/**
 * The variable that sets a value of the configuration. Pure.
 * @param path - keys that lead to the value: `['appliance', 'memoryMiB']` for `ALPY_APPLIANCE_MEMORY_MIB`
 */
export function variableName(path: readonly string[]): string {
  const [first, ...keys] = path;
  if (first === 'images') return imageVariable(keys.join('_'));
  return `ALPY_${upperSnakeCase(path.join('_'))}`;
}

/** The variable that sets a key of `images`: `ALPY_IMAGE_QEMU`, `ALPY_IMAGE_TAG`, and for the registry `ALPY_REGISTRY`. Pure. */
export function imageVariable(key: string): string {
  return key === 'registry' ? 'ALPY_REGISTRY' : `ALPY_IMAGE_${upperSnakeCase(key)}`;
}

function upperSnakeCase(text: string): string {
  return text
    .replace('MiB', 'Mib')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[-.]/g, '_')
    .toUpperCase();
}

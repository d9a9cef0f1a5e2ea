// SPDX-License-Identifier: GPL-3.0-or-later

/** The environment as a process sees it; the CLI passes its own in. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The value called `name`, without blanks around it. A value of nothing but blanks counts as unset, since CI systems cannot
 * unset a variable. This is the one rule for all variables but those whose blanks may matter, such as a password.
 */
export function valueOf(values: Variables, name: string): string | undefined {
  const value = values[name]?.trim();
  return value === '' ? undefined : value;
}

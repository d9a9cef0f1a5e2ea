// SPDX-License-Identifier: GPL-3.0-or-later

/** The values of an option that is absent, one text, or a list of texts. Pure. */
export function asList(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * Numbers repeated names: the first stays, the others get ` (2)`, ` (3)`, …. A name that occurs once never changes, so that GitLab
 * continues its history.
 */
export function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set(names);
  /** the number to try next, by name: thousands of captures may have the same name */
  const next = new Map<string, number>();
  return names.map((name) => {
    let number = next.get(name);
    next.set(name, number ?? 2);
    if (number === undefined) return name;
    while (taken.has(`${name} (${number})`)) number += 1;
    next.set(name, number + 1);
    const unique = `${name} (${number})`;
    taken.add(unique);
    return unique;
  });
}

// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * Numbers the names that occur more than once: the first stays, the others get ` (2)`, ` (3)`, …. A name that occurs
 * once never changes, so that its history in GitLab goes on.
 */
export function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map((name) => {
    let unique = name;
    if (seen.has(name)) for (let n = 2; taken.has((unique = `${name} (${n})`)); n++);
    seen.add(name);
    taken.add(unique);
    return unique;
  });
}

// SPDX-License-Identifier: GPL-3.0-or-later

/** How many letters to insert, delete or replace to turn `a` into `b`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [line, letter] of [...a].entries()) {
    const next = [line + 1];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (letter === b[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The name most similar to `wrong`; `undefined` if none is similar. Names that share no letter are not. */
export function nearest(wrong: string, names: readonly string[]): string | undefined {
  const near = names
    .map((name) => ({ name, letters: distance(wrong.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, letters }) => {
      const length = Math.max(wrong.length, name.length);
      return letters < length && letters <= Math.max(1, Math.floor(length / 3));
    })
    .sort((a, b) => a.letters - b.letters);
  if (near[0]) return near[0].name;
  return names.find((name) => wrong.length >= 3 && name.toLowerCase().startsWith(wrong.toLowerCase())); // `memory` for `memoryMiB`
}

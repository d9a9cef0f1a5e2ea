// SPDX-License-Identifier: GPL-3.0-or-later

/** Runs `body` when fewer than the limit run; the others wait, in the order of the calls. Settles as `body` does. */
export type Limit = <T>(body: () => Promise<T>) => Promise<T>;

/** Lets at most `most` bodies run at the same time. */
export function limit(most: number): Limit {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (body) => {
    if (running < most) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await body();
    } finally {
      const next = waiting.shift();
      if (next)
        next(); // takes the place of this one
      else running -= 1;
    }
  };
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { ByteQueue } from './byte-queue.ts';
import type { Match } from './options.ts';
import { END, type ConsolePattern, type Found, type Search } from './pattern.ts';

/**
 * Searches the output for several patterns and consumes it up to the end of the match that begins earliest.
 * @param searches - one for each pattern
 * @param hasEnded - whether no more output will come, so that {@link END} matches
 */
export function findMatch(
  queue: ByteQueue,
  patterns: readonly ConsolePattern[],
  searches: readonly Search[],
  hasEnded: boolean,
): Match | undefined {
  const best = earliest(queue, searches) ?? (hasEnded ? endOf(queue, patterns.indexOf(END)) : undefined);
  const pattern = best && patterns[best.index];
  if (!best || pattern === undefined) return undefined;
  const beforeBytes = Buffer.from(queue.view(queue.start, best.start)); // copied, because the queue reuses its memory
  const text = best.bytes.toString();
  const droppedBytes = queue.consume(best.end);
  const { index, match } = best;
  return {
    index,
    pattern,
    match: match ? [...match] : [text],
    groups: { ...match?.groups },
    before: beforeBytes.toString(),
    beforeBytes,
    text,
    droppedBytes,
  };
}

type Candidate = Found & { readonly index: number };

function earliest(queue: ByteQueue, searches: readonly Search[]): Candidate | undefined {
  let best: Candidate | undefined;
  for (const [index, search] of searches.entries()) {
    const found = search(queue);
    if (found && (!best || found.start < best.start)) best = { ...found, index };
  }
  return best;
}

/** @param index - of END among the patterns; -1 if it is not one */
function endOf({ end }: ByteQueue, index: number): Candidate | undefined {
  return index < 0 ? undefined : { start: end, end, bytes: Buffer.alloc(0), match: undefined, index };
}

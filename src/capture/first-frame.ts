// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import type { Frame } from './frame.ts';

/** Result of looking at all frames of a capture. */
export interface Look {
  /** those that pass the filter, in order */
  readonly frames: readonly Frame[];
  /** how many frames were looked at */
  readonly looked: number;
}

/** The ways to look for a frame. */
export interface Search {
  /** looks at all frames so far, or returns `undefined` if that takes long */
  readonly ask: (signal: AbortSignal) => Promise<Look | undefined>;
  /** looks at each frame as it arrives, from the first of the capture on, until the signal fires */
  readonly follow: (signal: AbortSignal) => AsyncIterable<Frame>;
  /** looks at all frames so far, however long that takes */
  readonly lookAtAll: (signal: AbortSignal) => Promise<Look>;
}

/** How long a quick look may take before frames are followed in parallel, in `ms`: decoding a big capture takes many seconds. */
const headStartMs = 1000;

/**
 * Finds the first frame that passes. Gives up only after `late` has fired and all frames until then were looked at.
 * @param late - stops waiting for further frames
 * @returns no frames if none passes
 * @throws what the search throws; the signal's reason
 */
export async function firstFrame(search: Search, late: AbortSignal, signal: AbortSignal): Promise<Look> {
  const end = new AbortController();
  const abort = AbortSignal.any([signal, end.signal]);
  try {
    const asking = search.ask(abort).then((look) => look?.frames[0]);
    const frame = await firstOf([asking, followAfter(asking, search, late, abort)]);
    if (frame) return { frames: [frame], looked: frame.number };
  } finally {
    end.abort(); // the slower one
  }
  // finds also what needs two passes, and frames that arrived too late to be looked at
  return search.lookAtAll(signal);
}

async function followAfter(
  asking: Promise<Frame | undefined>,
  { follow }: Search,
  late: AbortSignal,
  abort: AbortSignal,
): Promise<Frame | undefined> {
  const answered = new AbortController();
  const headStart = sleep(headStartMs, undefined, { signal: AbortSignal.any([abort, late, answered.signal]) });
  const frame = await Promise.race([asking, headStart.catch(() => undefined)]).finally(() => {
    answered.abort();
  });
  const isLate = (): boolean => late.aborted;
  if (frame || isLate()) return undefined;
  abort.throwIfAborted();
  try {
    for await (const found of follow(AbortSignal.any([abort, late]))) return found;
  } catch (error) {
    if (abort.aborted || !isLate()) throw error;
  }
  return undefined;
}

/** Resolves with the first frame, or with `undefined` when all promises have resolved without one. */
async function firstOf(all: readonly Promise<Frame | undefined>[]): Promise<Frame | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Frame | undefined>();
  for (const one of all) {
    one.then((frame) => {
      if (frame) resolve(frame);
    }, reject);
  }
  void Promise.allSettled(all).then(() => {
    resolve(undefined);
  });
  return promise;
}

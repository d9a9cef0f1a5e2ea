// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import type { Frame } from './frame.ts';

/** What a look at all frames of a capture has found. */
export interface Look {
  /** those that pass the filter, in their order */
  readonly frames: readonly Frame[];
  /** how many frames were looked at */
  readonly looked: number;
}

/** The ways to look for a frame. */
export interface Search {
  /** looks at all frames so far, if that can be done quickly; else there is nothing */
  readonly ask: (signal: AbortSignal) => Promise<Look | undefined>;
  /** looks at each frame as it comes, from the first of the capture on, until the signal */
  readonly follow: (signal: AbortSignal) => AsyncIterable<Frame>;
  /** looks at all frames so far, however long that takes */
  readonly lookAtAll: (signal: AbortSignal) => Promise<Look>;
}

/** How long a quick look has before the frames are followed beside it, in `ms`: a big capture is decoded for many seconds. */
const headStartMs = 1000;

/**
 * Finds the first frame that passes. It gives up only when `late` has fired and all frames of until then were looked at.
 * @param late - when to stop waiting for frames that are still to come
 * @returns no frames when none passes
 * @throws what the ways throw; the signal's reason
 */
export async function firstFrame(search: Search, late: AbortSignal, signal: AbortSignal): Promise<Look> {
  const end = new AbortController();
  const abort = AbortSignal.any([signal, end.signal]);
  try {
    const asking = search.ask(abort).then((look) => look?.frames[0]);
    const frame = await firstOf([asking, followAfter(asking, search, late, abort)]);
    if (frame) return { frames: [frame], looked: frame.number };
  } finally {
    end.abort(); // whichever was slower
  }
  // also what one look at each frame cannot tell, and what nobody came to look at before the time was over
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

/** The first that is there; nothing when all have ended without. */
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

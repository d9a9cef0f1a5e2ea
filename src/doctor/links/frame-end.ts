// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import { isFrom } from './frames.ts';

/** A frame that the kernel of a node refused to send. */
export interface RefusedFrame {
  /** its place among the frames, from 0 */
  readonly index: number;
  readonly reason: string;
}

/** An end of a link that sends frames and keeps what it gets. */
export interface FrameEnd {
  /** whether it also keeps what it sends */
  readonly keepsSent: boolean;
  /** Sends frames one after the other. @returns those that were refused */
  send(frames: readonly Buffer[], wait: Wait): Promise<readonly RefusedFrame[]>;
  /** The frames that it has kept so far. */
  received(wait: Wait): Promise<readonly Buffer[]>;
}

/**
 * Waits until the last of some frames has arrived, because then none is under way any more. Stops waiting when its time is over.
 * @param sent - in order
 * @param source - source address of the frames, in hexadecimal digits
 * @param arrivalMs - how long the last frame may take
 * @param wait - for each look at what has arrived
 * @returns all frames of that source so far
 */
export async function framesUntil(
  sent: readonly Buffer[],
  end: FrameEnd,
  source: string,
  arrivalMs: number,
  wait: Wait,
): Promise<readonly Buffer[]> {
  const last = sent.at(-1);
  const endMs = performance.now() + arrivalMs;
  for (;;) {
    const isLate = performance.now() >= endMs;
    const frames = (await end.received(wait)).filter((frame) => isFrom(source, frame));
    if (isLate || !last || frames.some((frame) => frame.equals(last))) return frames;
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { Frame } from './frame.ts';
import { decodeByTshark, type CaptureSource } from './tshark.ts';

/** What to tell of which frames. */
export interface FrameWish {
  /** display filter of Wireshark; empty for all frames */
  readonly filter: string;
  readonly fields: readonly string[];
}

/**
 * The frames so far that pass a filter.
 * @throws UsageError when tshark does not understand the filter or a field
 * @throws CaptureError when the file is no pcap, or tshark fails on it
 * @throws ContainerError when the daemon refuses; the signal's reason
 */
export async function framesSoFar(source: CaptureSource, wish: FrameWish, signal: AbortSignal): Promise<readonly Frame[]> {
  return Array.fromAsync(decodeByTshark(source, { ...wish, follow: false }, signal));
}

/**
 * The first frame that passes a filter, of before the call or after; `undefined` when there will be none.
 * @throws what {@link framesSoFar} throws
 */
export async function firstFrame(source: CaptureSource, wish: FrameWish, signal: AbortSignal): Promise<Frame | undefined> {
  for await (const frame of decodeByTshark(source, { ...wish, follow: true }, signal)) return frame;
  return undefined;
}

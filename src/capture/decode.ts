// SPDX-License-Identifier: GPL-3.0-or-later
import type { Look } from './first-frame.ts';
import type { Frame } from './frame.ts';
import { decodeByTshark, type CaptureSource } from './tshark.ts';

/** What to tell of which frames. */
export interface FrameWish {
  /** display filter of Wireshark; empty for all frames */
  readonly filter: string;
  readonly fields: readonly string[];
  /** how many frames at most; absent for all */
  readonly limit?: number | undefined;
}

/**
 * Looks at all frames so far for those that pass a filter.
 * @throws UsageError when tshark does not understand the filter or a field
 * @throws CaptureError when the file is no pcap, or tshark fails on it
 * @throws ContainerError when the daemon refuses; the signal's reason
 */
export async function lookAtAll(source: CaptureSource, wish: FrameWish, signal: AbortSignal): Promise<Look> {
  const decoded = await askDecoder(source, wish, signal);
  if (decoded) return decoded;
  const decoding = decodeByTshark(source, { ...wish, follow: false }, signal);
  const frames: Frame[] = [];
  for (;;) {
    const { done, value } = await decoding.next();
    if (done === true) return { frames, looked: value };
    if (frames.length < (wish.limit ?? Infinity)) frames.push(value);
  }
}

/** Frames that pass a filter as they come, from the first of the capture on, until the signal. @throws what {@link lookAtAll} throws */
export function follow(source: CaptureSource, wish: FrameWish, signal: AbortSignal): AsyncIterable<Frame> {
  return decodeByTshark(source, { ...wish, follow: true }, signal);
}

/**
 * Looks at all frames so far, if that does not take a tshark of its own.
 * @returns `undefined` when tshark has to be asked, since there is no decoder, or it cannot tell
 */
export async function askDecoder(
  { decoder, file, toWallClock }: CaptureSource,
  { filter, fields, limit }: FrameWish,
  signal: AbortSignal,
): Promise<Look | undefined> {
  // fields: sharkd gives resolved values, such as names in place of numbers, where tshark gives plain ones
  if (!decoder || file === undefined || fields.length > 0) return undefined;
  return decoder.frames({ file, toWallClock, filter, limit }, signal);
}

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
  const decoded = await askDecoder(source, wish, undefined, signal);
  return decoded ?? Array.fromAsync(decodeByTshark(source, { ...wish, follow: false }, signal));
}

/**
 * The first frame that passes a filter, of before the call or after; `undefined` when there will be none.
 * @throws what {@link framesSoFar} throws
 */
export async function firstFrame(source: CaptureSource, wish: FrameWish, signal: AbortSignal): Promise<Frame | undefined> {
  const [decoded] = (await askDecoder(source, wish, 1, signal)) ?? [];
  if (decoded) return decoded;
  // from the beginning: it may have come meanwhile
  for await (const frame of decodeByTshark(source, { ...wish, follow: true }, signal)) return frame;
  return undefined;
}

/** `undefined` when tshark has to be asked, since there is no decoder, or it cannot tell. */
async function askDecoder(
  { decoder, file, trueTime }: CaptureSource,
  { filter, fields }: FrameWish,
  limit: number | undefined,
  signal: AbortSignal,
): Promise<readonly Frame[] | undefined> {
  // fields: sharkd gives resolved values, such as names in place of numbers, where tshark gives plain ones
  if (!decoder || file === undefined || fields.length > 0) return undefined;
  return decoder.frames({ file, trueTime, filter, limit }, signal);
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { Look } from './first-frame.ts';
import type { Frame, FrameQuery } from './frame.ts';
import { areSet } from './preferences.ts';
import { decodeByTshark, type CaptureSource } from './tshark.ts';

/**
 * Looks at all frames so far for those that pass the filter.
 * @throws UsageError when tshark does not understand the filter or a field
 * @throws CaptureError when the file is not a pcap, or tshark fails on it
 * @throws ContainerError when the daemon refuses; the signal's reason
 */
export async function lookAtAll(source: CaptureSource, query: FrameQuery, signal: AbortSignal): Promise<Look> {
  const decoded = await askDecoder(source, query, signal);
  if (decoded) return decoded;
  const decoding = decodeByTshark(source, query, { follow: false, signal });
  const frames: Frame[] = [];
  for (;;) {
    const { done, value } = await decoding.next();
    if (done === true) return { frames, looked: value };
    if (frames.length < (query.limit ?? Infinity)) frames.push(value);
  }
}

/**
 * Yields frames that pass the filter as they arrive, from the first of the capture on, until the signal fires.
 * @throws what {@link lookAtAll} throws
 */
export function follow(source: CaptureSource, query: FrameQuery, signal: AbortSignal): AsyncIterable<Frame> {
  return decodeByTshark(source, query, { follow: true, signal });
}

/**
 * Looks at all frames so far, if that does not need a tshark process.
 * @returns `undefined` when tshark has to be asked: there is no decoder, or it cannot answer
 */
export async function askDecoder(
  { decoder, file, toWallClock }: CaptureSource,
  query: FrameQuery,
  signal: AbortSignal,
): Promise<Look | undefined> {
  // preferences: they would affect later queries. fields: sharkd returns resolved values, such as names instead of numbers, where tshark returns plain ones
  if (!decoder || file === undefined || query.fields.length > 0 || areSet(query)) return undefined;
  return decoder.frames({ file, toWallClock }, query, signal);
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { statSync } from 'node:fs';
import { blameFor, raceWithSignal, withDeadline, type Wait } from '../core/deadline.ts';
import { messageOf, type ErrorDetail } from '../core/errors.ts';
import { log, step } from '../core/step.ts';
import { durationText } from '../core/text.ts';
import { timeoutSignal } from '../core/timeout-signal.ts';
import { check, type CountOptions, type FollowOptions, type ReadOptions } from './capture-options.ts';
import { askDecoder, follow, lookAtAll } from './decode.ts';
import { DecodeTimeoutError, FrameTimeoutError } from './errors.ts';
import { firstFrame, type Search } from './first-frame.ts';
import type { Frame, FrameQuery } from './frame.ts';
import { NearestFrames } from './nearest.ts';
import { decodeByTshark, type CaptureSource } from './tshark.ts';

const waitTimeoutMs = 10_000;

/** How long it may take to find the frames that are nearest to a filter, in `ms`. */
const nearestMs = 10_000;

/** How long it may take to decode a capture, in `ms`: a busy machine decodes several MiB per second. */
function decodeTimeoutMs(bytes: number): number {
  return 60_000 + bytes / 1024;
}

/** Assumed size of a capture whose size is not known, in `bytes`. */
const unknownBytes = 1024 ** 3;

/**
 * Every frame that has crossed a link in either direction. Filters are Wireshark's display filters, such as
 * `icmp.type == 8 && ip.src == 192.168.1.2`.
 */
export class Capture {
  /** the link: `link0` */
  readonly name: string;
  /** path of the pcap file; it is complete, and its times are correct, after the testbed has ended */
  readonly path: string;
  readonly #source: CaptureSource;

  constructor(source: CaptureSource, path: string) {
    this.name = source.name;
    this.path = path;
    this.#source = source;
  }

  /**
   * Returns the frames so far that pass a filter, in order.
   * @param options - `timeoutMs`: default 60 s, plus one second per MiB of the capture
   * @throws UsageError when the filter is not understood
   * @throws CaptureError when the capture is damaged
   * @throws DecodeTimeoutError when not all frames could be looked at in time
   */
  async frames(filter = '', options: ReadOptions = {}): Promise<readonly Frame[]> {
    check.frames(arguments);
    const query = queryOf(filter, options);
    return step('alpy.capture', `Read ${this.name}${filter === '' ? '' : ` for ${filter}`}`, async () => {
      const timeoutMs = options.timeoutMs ?? this.#decodeTimeoutMs();
      const { frames } = await this.#inTime({ timeoutMs, signal: options.signal }, (signal) =>
        lookAtAll(this.#source, query, signal),
      );
      return frames;
    });
  }

  /** Counts the frames so far that pass a filter; see {@link Capture.frames}. */
  async count(filter = '', options: CountOptions = {}): Promise<number> {
    check.count(arguments);
    return (await this.frames(filter, options)).length;
  }

  /**
   * Yields the frames that pass a filter as they cross the link, after those from before the call. Ends when the loop is left.
   * @throws UsageError when the filter is not understood
   * @throws CaptureError when the capture is damaged
   * @throws the signal's reason
   */
  follow(filter: string, options: FollowOptions): AsyncIterable<Frame> {
    check.follow(arguments);
    return follow(this.#source, queryOf(filter, options), options.signal);
  }

  /**
   * Waits for the first frame that passes a filter. Frames from before the call count.
   * @param options - `timeoutMs`: how long to wait for frames, default 10 s. All frames that have arrived by then are looked at,
   * even if that takes longer
   * @throws FrameTimeoutError if no such frame comes in time; if a `Witness` knows the cause, that error instead
   * @throws UsageError when the filter is not understood
   * @throws DecodeTimeoutError when not all frames could be looked at
   */
  async waitFor(filter: string, options: ReadOptions = {}): Promise<Frame> {
    check.waitFor(arguments);
    const timeoutMs = options.timeoutMs ?? waitTimeoutMs;
    const signal = options.signal ?? new AbortController().signal;
    return step('alpy.capture', `Wait for ${filter} on ${this.name}`, async () => {
      using late = timeoutSignal(timeoutMs);
      signal.throwIfAborted();
      const startMs = performance.now();
      const search = this.#search({ ...queryOf(filter, options), limit: 1 }, timeoutMs);
      const { frames, looked } = await firstFrame(search, late.signal, signal);
      const [frame] = frames;
      if (frame) return frame;
      const blamed = await raceWithSignal(blameFor(startMs), signal); // the cause of the frame may have been delayed by a daemon that does not answer
      if (blamed) throw blamed;
      const details = await this.#nearest(queryOf(filter, options), looked, signal);
      throw new FrameTimeoutError(this.name, { filter, timeoutMs, looked, details });
    });
  }

  /** The frames that are nearest to a filter which none passes. A failure here must not hide that. */
  async #nearest(query: FrameQuery, looked: number, signal: AbortSignal): Promise<readonly ErrorDetail[]> {
    if (looked === 0) return [];
    const nearest = new NearestFrames(query.filter);
    using late = timeoutSignal(nearestMs);
    const abort = AbortSignal.any([signal, late.signal]);
    try {
      const all = { ...query, filter: '', fields: nearest.fields };
      const frames = decodeByTshark(this.#source, all, { follow: false, signal: abort });
      for await (const frame of frames) nearest.add(frame);
      return nearest.details();
    } catch (error) {
      if (abort.aborted) return nearest.details(`, of the first ${nearest.looked}`);
      log('alpy.capture', `cannot find the frames that are nearest to the filter: ${messageOf(error)}`);
      return [];
    }
  }

  /** @param minMs - minimum time for looking at all frames */
  #search(query: FrameQuery, minMs: number): Search {
    const source = this.#source;
    const inTime = <T>(signal: AbortSignal, body: (signal: AbortSignal) => Promise<T>): Promise<T> =>
      this.#inTime({ timeoutMs: Math.max(minMs, this.#decodeTimeoutMs()), signal }, body);
    return {
      ask: (signal) => inTime(signal, (rest) => askDecoder(source, query, rest)),
      follow: (signal) => follow(source, query, signal),
      lookAtAll: (signal) => inTime(signal, (rest) => lookAtAll(source, query, rest)),
    };
  }

  #inTime<T>(wait: Wait, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const message = `${this.name}: decoding took longer than ${durationText(wait.timeoutMs)}, so not all frames were looked at. Give it more time (timeoutMs)`;
    return withDeadline(wait, (cause) => new DecodeTimeoutError(message, { cause }), body);
  }

  #decodeTimeoutMs(): number {
    const { file } = this.#source;
    const bytes = file === undefined ? unknownBytes : statSync(file, { throwIfNoEntry: false })?.size;
    return decodeTimeoutMs(bytes ?? 0);
  }
}

function queryOf(filter: string, { fields = [], decodeAs = [], preferences = {} }: Omit<ReadOptions, keyof Wait>): FrameQuery {
  return { filter, fields, decodeAs, preferences };
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { statSync } from 'node:fs';
import { blameFor, raceWithSignal, withDeadline, type Wait } from '../core/deadline.ts';
import { step } from '../core/step.ts';
import { askDecoder, follow, lookAtAll, type FrameWish } from './decode.ts';
import { DecodeTimeoutError, FrameTimeoutError } from './errors.ts';
import { firstFrame, type Search } from './first-frame.ts';
import type { Frame } from './frame.ts';
import type { CaptureSource } from './tshark.ts';

/** How to read a capture. */
export interface ReadOptions extends Partial<Wait> {
  /** fields of Wireshark to be told of each frame, such as `ip.ttl` */
  readonly fields?: readonly string[];
}

const waitTimeoutMs = 10_000;

/** How long it may take to decode a capture, in `ms`: a busy machine does several MiB a second. */
function decodeTimeoutMs(bytes: number): number {
  return 60_000 + bytes / 1024;
}

/** What a capture has at most where its size is not known here, in `bytes`. */
const unknownBytes = 1024 ** 3;

/**
 * Every frame that has crossed a link, in both directions, from the first on. Filters are Wireshark's display filters, such
 * as `icmp.type == 8 && ip.src == 192.168.1.2`.
 */
export class Capture {
  /** the link: `link0` */
  readonly name: string;
  /** path of the pcap file here; its times are right, and all of it is there, when the testbed has ended */
  readonly path: string;
  readonly #source: CaptureSource;

  constructor(source: CaptureSource, path: string) {
    this.name = source.name;
    this.path = path;
    this.#source = source;
  }

  /**
   * The frames so far that pass a filter, in their order.
   * @param options - `timeoutMs` is 60 s by default, and one second more for each MiB of the capture
   * @throws UsageError when the filter is not understood
   * @throws CaptureError when the capture is damaged
   * @throws DecodeTimeoutError when not all frames could be looked at in time
   */
  async frames(filter = '', options: ReadOptions = {}): Promise<readonly Frame[]> {
    const wish = { filter, fields: options.fields ?? [] };
    return step('alpy.capture', `Read ${this.name}${filter === '' ? '' : ` for ${filter}`}`, async () => {
      const timeoutMs = options.timeoutMs ?? this.#decodeTimeoutMs();
      const { frames } = await this.#inTime({ timeoutMs, signal: options.signal }, (signal) =>
        lookAtAll(this.#source, wish, signal),
      );
      return frames;
    });
  }

  /** How many frames have passed a filter so far; see {@link Capture.frames}. */
  async count(filter = '', options: Partial<Wait> = {}): Promise<number> {
    return (await this.frames(filter, options)).length;
  }

  /**
   * Waits for the first frame that passes a filter; frames of before the call count.
   * @param options - `timeoutMs` is 10 s by default. It says how long to wait for frames; those that are there by then are all
   * looked at, even if that takes longer
   * @throws FrameTimeoutError if no such frame comes in time; if a `Witness` knows the cause, that error instead
   * @throws UsageError when the filter is not understood
   * @throws DecodeTimeoutError when the frames could not all be looked at
   */
  async waitFor(filter: string, options: ReadOptions = {}): Promise<Frame> {
    const timeoutMs = options.timeoutMs ?? waitTimeoutMs;
    const late = AbortSignal.timeout(Math.max(0, Math.ceil(timeoutMs)));
    const signal = options.signal ?? new AbortController().signal;
    return step('alpy.capture', `Wait for ${filter} on ${this.name}`, async () => {
      signal.throwIfAborted();
      const startMs = performance.now();
      const search = this.#search({ filter, fields: options.fields ?? [], limit: 1 }, timeoutMs);
      const { frames, looked } = await firstFrame(search, late, signal);
      const [frame] = frames;
      if (frame) return frame;
      const blamed = await raceWithSignal(blameFor(startMs), signal); // what should have caused the frame may have waited for a silent daemon
      if (blamed) throw blamed;
      throw new FrameTimeoutError(
        `${this.name}: no frame passed the filter "${filter}" within ${timeoutMs} ms (looked at all ${looked} frames)`,
        looked,
      );
    });
  }

  /** @param leastMs - how long it may take to look at all frames, at least */
  #search(wish: FrameWish, leastMs: number): Search {
    const source = this.#source;
    const inTime = <T>(signal: AbortSignal, body: (signal: AbortSignal) => Promise<T>): Promise<T> =>
      this.#inTime({ timeoutMs: Math.max(leastMs, this.#decodeTimeoutMs()), signal }, body);
    return {
      ask: (signal) => inTime(signal, (rest) => askDecoder(source, wish, rest)),
      follow: (signal) => follow(source, wish, signal),
      lookAtAll: (signal) => inTime(signal, (rest) => lookAtAll(source, wish, rest)),
    };
  }

  #inTime<T>(wait: Wait, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const message = `${this.name}: decoding took longer than ${Math.round(wait.timeoutMs)} ms, so not all frames were looked at. Give it more time (timeoutMs)`;
    return withDeadline(wait, (cause) => new DecodeTimeoutError(message, { cause }), body);
  }

  #decodeTimeoutMs(): number {
    const { file } = this.#source;
    const bytes = file === undefined ? unknownBytes : statSync(file, { throwIfNoEntry: false })?.size;
    return decodeTimeoutMs(bytes ?? 0);
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { withDeadline, type Wait } from '../core/deadline.ts';
import { step } from '../core/step.ts';
import { firstFrame, framesSoFar } from './decode.ts';
import { FrameTimeoutError } from './errors.ts';
import type { Frame } from './frame.ts';
import type { CaptureSource } from './tshark.ts';

/** How to read a capture. */
export interface ReadOptions extends Partial<Wait> {
  /** fields of Wireshark to be told of each frame, such as `ip.ttl` */
  readonly fields?: readonly string[];
}

const readTimeoutMs = 60_000;
const waitTimeoutMs = 10_000;

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
   * @param options - `timeoutMs` is 60 s by default
   * @throws UsageError when the filter is not understood
   * @throws CaptureError when the capture is damaged
   */
  async frames(filter = '', options: ReadOptions = {}): Promise<readonly Frame[]> {
    const wait = { timeoutMs: options.timeoutMs ?? readTimeoutMs, signal: options.signal };
    return step('alpy.capture', `Read ${this.name}${filter === '' ? '' : ` for ${filter}`}`, () =>
      withDeadline(
        wait,
        (cause) => new FrameTimeoutError(`${this.name}: decoding took longer than ${String(wait.timeoutMs)} ms`, { cause }),
        (signal) => framesSoFar(this.#source, { filter, fields: options.fields ?? [] }, signal),
      ),
    );
  }

  /** How many frames have passed a filter so far; see {@link Capture.frames}. */
  async count(filter = '', options: Partial<Wait> = {}): Promise<number> {
    return (await this.frames(filter, options)).length;
  }

  /**
   * Waits for the first frame that passes a filter; frames of before the call count.
   * @param options - `timeoutMs` is 10 s by default
   * @throws FrameTimeoutError when there is none in time
   * @throws UsageError when the filter is not understood
   */
  async waitFor(filter: string, options: ReadOptions = {}): Promise<Frame> {
    const wait = { timeoutMs: options.timeoutMs ?? waitTimeoutMs, signal: options.signal };
    return step('alpy.capture', `Wait for ${filter} on ${this.name}`, () =>
      withDeadline(
        wait,
        (cause) =>
          new FrameTimeoutError(`${this.name}: no frame passed the filter "${filter}" within ${String(wait.timeoutMs)} ms`, {
            cause,
          }),
        async (signal) => {
          const frame = await firstFrame(this.#source, { filter, fields: options.fields ?? [] }, signal);
          if (frame) return frame;
          signal.throwIfAborted();
          throw new FrameTimeoutError(`${this.name}: the capture ended without a frame that passes the filter "${filter}"`);
        },
      ),
    );
  }
}

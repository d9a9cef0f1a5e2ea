// SPDX-License-Identifier: GPL-3.0-or-later
import { messageOf } from '../core/errors.ts';
import { engineEvents, type EngineEvent } from './engine-events.ts';

/** A pull or push by the daemon. */
export interface Transfer {
  /** how long nothing may happen, in `ms` */
  readonly stallMs: number;
  /** starts the transfer; the signal ends it */
  readonly start: (signal: AbortSignal) => Promise<NodeJS.ReadableStream>;
  readonly onEvent: (event: EngineEvent) => void;
  /** makes the error to throw if the transfer fails */
  readonly failure: (reason: string, options?: ErrorOptions) => Error;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for the end of a transfer. Its deadline is for silence, not for the whole transfer, so that a slow connection is not a failure.
 * @throws what `failure` makes; the signal's reason
 */
export async function awaitTransfer({ stallMs, start, onEvent, failure, signal }: Transfer): Promise<void> {
  const stalled = new AbortController();
  const timer = setTimeout(() => {
    stalled.abort(failure(`nothing happened for ${stallMs / 1000} s`));
  }, stallMs);
  let reported: string | undefined;
  try {
    const stream = await start(signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal);
    for await (const event of engineEvents(stream)) {
      timer.refresh();
      reported = event.error;
      if (reported !== undefined) break;
      onEvent(event);
    }
  } catch (error) {
    signal?.throwIfAborted();
    stalled.signal.throwIfAborted();
    throw failure(messageOf(error), { cause: error });
  } finally {
    clearTimeout(timer);
  }
  if (reported !== undefined) throw failure(reported);
}

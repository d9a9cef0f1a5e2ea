// SPDX-License-Identifier: GPL-3.0-or-later
import type { QmpEvent } from './qmp-messages.ts';

/** A stretch in which the guest ran: its virtual clock and the wall clock go alike. */
interface Run {
  /** virtual clock at its begin, in `ms` since QEMU started */
  readonly virtualMs: number;
  /** wall clock at its begin, in `ms` since 1970 */
  readonly wallMs: number;
}

/**
 * Knows which wall-clock time a reading of QEMU's virtual clock stands for. The virtual clock stands while
 * the guest is stopped; QEMU tells of each `RESUME` and `STOP` with the time to the microsecond.
 */
export class GuestClock {
  readonly #runs: Run[] = [];
  #virtualMs: number;
  #runningSinceMs: number | undefined;

  /** @param virtualMs - what it starts at: 0, or where it stood in the snapshot */
  constructor(virtualMs = 0) {
    this.#virtualMs = virtualMs;
  }

  /** Where the virtual clock stands, in `ms`, when the guest does. */
  get stoppedAtMs(): number {
    return this.#virtualMs;
  }

  /** Takes an event of QEMU; all of them, in order. */
  take({ event, timeMs }: QmpEvent): void {
    if (event === 'RESUME' && this.#runningSinceMs === undefined) {
      this.#runningSinceMs = timeMs;
      this.#runs.push({ virtualMs: this.#virtualMs, wallMs: timeMs });
    } else if (event === 'STOP' && this.#runningSinceMs !== undefined) {
      this.#virtualMs += timeMs - this.#runningSinceMs;
      this.#runningSinceMs = undefined;
    }
  }

  /**
   * Wall-clock time, in `ms` since 1970, of a reading of the virtual clock, in `ms`. A reading near a stop may be off by
   * the few `ms` between the stop and its event.
   */
  wallMs(virtualMs: number): number {
    // at a boundary the later run: nothing happens to a guest at the very moment of its stop
    const run = this.#runs.findLast((candidate) => candidate.virtualMs <= virtualMs) ?? this.#runs[0];
    return run ? run.wallMs + (virtualMs - run.virtualMs) : virtualMs;
  }
}

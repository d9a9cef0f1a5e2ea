// SPDX-License-Identifier: GPL-3.0-or-later
import type { QmpEvent } from './qmp-messages.ts';

/** A period in which the guest ran. Its virtual clock and the wall clock advance together. */
interface Run {
  /** virtual clock at its start, in `ms` since QEMU started */
  readonly virtualMs: number;
  /** wall clock at its start, in `ms` since 1970 */
  readonly wallMs: number;
}

/**
 * Converts readings of QEMU's virtual clock into wall-clock time. The virtual clock pauses while the guest is stopped. QEMU
 * reports each `RESUME` and `STOP` with the time in microseconds.
 */
export class GuestClock {
  readonly #runs: Run[] = [];
  #virtualMs: number;
  #runningSinceMs: number | undefined;

  /** @param virtualMs - where the virtual clock starts: at 0, or where the snapshot was saved */
  constructor(virtualMs = 0) {
    this.#virtualMs = virtualMs;
  }

  /** The virtual clock in `ms`, while the guest is stopped. */
  get stoppedAtMs(): number {
    return this.#virtualMs;
  }

  /** Handles an event of QEMU. Pass all events, in order. */
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
    // a reading on the boundary of two runs belongs to the later one: at the moment of its stop a guest does nothing
    const run = this.#runs.findLast((candidate) => candidate.virtualMs <= virtualMs) ?? this.#runs[0];
    return run ? run.wallMs + (virtualMs - run.virtualMs) : virtualMs;
  }
}

/** The start of a clock in the format of `-rtc`: whole seconds, in UTC. Pure. */
export function clockBase(start: Date): string {
  return start.toISOString().slice(0, 19);
}

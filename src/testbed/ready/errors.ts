// SPDX-License-Identifier: GPL-3.0-or-later
import { DeviceError } from '../../core/errors.ts';
import { durationText } from '../../core/text.ts';
import { consoleDetail } from '../../console/index.ts';

/** A condition of `appliance.ready` did not hold in time. */
export class NotReadyError extends DeviceError {
  override readonly code = 'ALPY_NOT_READY';
  /** the condition, for people */
  readonly awaited: string;
  /** what was seen last in its place, for people */
  readonly seen: string;

  /**
   * @param limitMs - for the whole boot
   * @param output - the last output of the console, escaped
   */
  constructor(name: string, awaited: string, seen: string, limitMs: number, output: string, options?: ErrorOptions) {
    super(
      `${name}: expected ${awaited} within ${durationText(limitMs)} after the start of the boot, got ${seen}. ` +
        `Correct the condition in appliance.ready, or raise appliance.bootTimeoutMs`,
      { ...options, details: consoleDetail(output) },
    );
    this.awaited = awaited;
    this.seen = seen;
  }
}

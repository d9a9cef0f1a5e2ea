// SPDX-License-Identifier: GPL-3.0-or-later
import { DeviceError, EnvironmentError } from '../core/errors.ts';
import { consoleDetail } from '../console/index.ts';

/** The guest powered off, rebooted or panicked unexpectedly. */
export class GuestLostError extends DeviceError {
  override readonly code = 'ALPY_GUEST_LOST';
  /** how the guest ended */
  readonly ending: 'shutdown' | 'reset' | 'panic';

  /** @param output - the last output of the console, escaped */
  constructor(what: string, ending: GuestLostError['ending'], output: string) {
    super(what, { details: consoleDetail(output) });
    this.ending = ending;
  }
}

/** The appliance did not boot, so the test can say nothing about it. */
export class BootError extends EnvironmentError {
  override readonly code = 'ALPY_BOOT';
}

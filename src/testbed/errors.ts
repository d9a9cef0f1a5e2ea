// SPDX-License-Identifier: GPL-3.0-or-later
import { DeviceError, EnvironmentError } from '../core/errors.ts';
import { tail } from '../core/text.ts';

/** The guest powered off, rebooted or panicked although nobody awaited it. */
export class GuestLostError extends DeviceError {
  override readonly code = 'ALPY_GUEST_LOST';

  /** @param output - the last output of the console, escaped */
  constructor(what: string, output: string) {
    super(`${what}; the last console output was:\n${tail(output, 2000)}`);
  }
}

/** The appliance did not come up, so nothing can be said about it. */
export class BootError extends EnvironmentError {
  override readonly code = 'ALPY_BOOT';
}

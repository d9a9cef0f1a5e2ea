// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, type Fault } from '../core/errors.ts';

/** The part of a testbed's description that is wrong: an unusable disk image, an appliance that does not boot, a failing service. */
export type Culprit = 'disk' | 'boot' | 'service';

/** Why a session server could not create its testbed, as the server reported it. */
export class SessionError extends AlpyError {
  readonly code: string;
  readonly fault: Fault;
  /** absent if the description is not to blame, for example if the daemon does not answer */
  readonly culprit: Culprit | undefined;

  constructor(message: string, code: string, fault: Fault, culprit?: Culprit) {
    super(message);
    this.code = code;
    this.fault = fault;
    this.culprit = culprit;
  }
}

/** A service of a job does not run: its command cannot be started, or has ended. */
export class ServiceError extends AlpyError {
  readonly code = 'ALPY_SERVICE';
  readonly fault = 'usage';
}

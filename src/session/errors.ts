// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, type Fault } from '../core/errors.ts';

/**
 * Which part of a testbed's description keeps the testbed from being used: the disk image, which cannot be used; the
 * appliance, which does not boot; a service, which does not run.
 */
export type Culprit = 'disk' | 'boot' | 'service';

/** What a keeper has told of why there is no testbed. */
export class SessionError extends AlpyError {
  readonly code: string;
  readonly fault: Fault;
  /** absent when the description is not to blame, such as when the daemon does not answer */
  readonly culprit: Culprit | undefined;

  constructor(message: string, code: string, fault: Fault, culprit?: Culprit) {
    super(message);
    this.code = code;
    this.fault = fault;
    this.culprit = culprit;
  }
}

/** A service of a job does not run: its command cannot be started, or it has ended. */
export class ServiceError extends AlpyError {
  readonly code = 'ALPY_SERVICE';
  readonly fault = 'usage';
}

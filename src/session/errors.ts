// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, type Fault } from '../core/errors.ts';

/** What a keeper has told of why there is no testbed. */
export class SessionError extends AlpyError {
  readonly code: string;
  readonly fault: Fault;

  constructor(message: string, code: string, fault: Fault) {
    super(message);
    this.code = code;
    this.fault = fault;
  }
}

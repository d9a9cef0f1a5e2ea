// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, DeviceError, type AlpyErrorOptions, type Fault } from '../../core/errors.ts';
import { durationText } from '../../core/text.ts';

/** A service of a node cannot start. */
export class NodeServiceError extends AlpyError {
  readonly code = 'ALPY_NODE_SERVICE';
  readonly fault: Fault;

  /** @param where - the key of the configuration, or the call, that asks for the service */
  constructor(where: string, problem: string, options?: AlpyErrorOptions, fault: Fault = 'usage') {
    super(`${where}: ${problem}`, options);
    this.fault = fault;
  }
}

/** The device did not ask a service of a node for something in time. */
export class ServiceTimeoutError extends DeviceError {
  override readonly code = 'ALPY_SERVICE_TIMEOUT';
  /** what was awaited, in words */
  readonly awaited: string;
  /** how long, in `ms` */
  readonly timeoutMs: number;

  /** @param name - of the service: `dhcp@node0` */
  constructor(name: string, awaited: string, timeoutMs: number, options?: AlpyErrorOptions) {
    super(`${name}: waited ${durationText(timeoutMs)} for ${awaited}`, options);
    this.awaited = awaited;
    this.timeoutMs = timeoutMs;
  }
}

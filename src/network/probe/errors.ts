// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, type AlpyErrorOptions, type Fault } from '../../core/errors.ts';

/** A probe flow cannot start, or one of its programs ended. */
export class ProbeError extends AlpyError {
  readonly code = 'ALPY_PROBE';
  readonly fault: Fault;

  /** @param flow - its name: `probe(node0, node1)` */
  constructor(flow: string, problem: string, fault: Fault, options?: AlpyErrorOptions) {
    super(`${flow}: ${problem}`, options);
    this.fault = fault;
  }
}

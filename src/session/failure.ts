// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, partsOf, type Fault } from '../core/errors.ts';
import { fullMessageOf } from '../core/error-details.ts';
import { LoginError } from '../access/index.ts';
import { DiskImageError } from '../qemu/index.ts';
import { BootError } from '../testbed/index.ts';
import { ServiceError, type Culprit } from './errors.ts';

/** Why a session server could not create its testbed. Plain data. */
export interface StartFailure {
  readonly message: string;
  readonly code: string;
  readonly fault: Fault;
  readonly culprit?: Culprit;
}

/** Describes why a testbed could not be created. Pure. */
export function startFailure(thrown: unknown): StartFailure {
  const [error] = partsOf(thrown); // the cause, not a failed clean-up after it
  const { code, fault } = error instanceof AlpyError ? error : { code: 'ALPY_BUG', fault: 'bug' as const };
  const culprit = culpritOf(error);
  return { message: fullMessageOf(error), code, fault, ...(culprit ? { culprit } : {}) };
}

function culpritOf(error: unknown): Culprit | undefined {
  if (error instanceof DiskImageError) return 'disk';
  if (error instanceof ServiceError) return 'service';
  if (error instanceof LoginError) return 'boot';
  return error instanceof BootError && !isOthersFault(error.cause) ? 'boot' : undefined;
}

/** A boot also fails if QEMU or the daemon dies, which is not the appliance's fault. */
function isOthersFault(cause: unknown): boolean {
  return cause instanceof AlpyError && (cause.fault === 'environment' || cause.fault === 'bug');
}

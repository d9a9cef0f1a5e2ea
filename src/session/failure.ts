// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, messageOf, partsOf, type Fault } from '../core/errors.ts';
import type { Culprit } from './errors.ts';

/** Why a keeper has no testbed, as plain data. */
export interface StartFailure {
  readonly message: string;
  readonly code: string;
  readonly fault: Fault;
  readonly culprit?: Culprit;
}

/** Describes what kept a testbed from being set up. Pure. */
export function startFailure(thrown: unknown): StartFailure {
  const [error] = partsOf(thrown); // what went wrong, and not the clean-up after it
  const { code, fault } = error instanceof AlpyError ? error : { code: 'ALPY_BUG', fault: 'bug' as const };
  const culprit = culpritOf(error);
  return { message: messageOf(error), code, fault, ...(culprit ? { culprit } : {}) };
}

function culpritOf(error: unknown): Culprit | undefined {
  if (!(error instanceof AlpyError)) return undefined;
  switch (error.code) {
    case 'ALPY_DISK_IMAGE':
      return 'disk';
    case 'ALPY_SERVICE':
      return 'service';
    case 'ALPY_LOGIN':
      return 'boot';
    case 'ALPY_BOOT':
      return isOthersFault(error.cause) ? undefined : 'boot';
    default:
      return undefined;
  }
}

/** A boot also fails when QEMU or the daemon dies meanwhile: that is not the appliance's doing. */
function isOthersFault(cause: unknown): boolean {
  return cause instanceof AlpyError && (cause.fault === 'environment' || cause.fault === 'bug');
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { failureClasses, type FailureClass } from './model.ts';
import { decidingError, isBroken, statusOf, type DecisiveError } from './status.ts';

/** The class of one failed attempt of a test. Pure. @param errors - in the order in which they were thrown */
export function classOfAttempt(errors: readonly DecisiveError[]): FailureClass {
  if (statusOf('failed', errors) === 'failed') return 'product';
  const decisive = decidingError(errors);
  return classOfError(decisive?.fault === 'device' ? errors.find(isBroken) : decisive);
}

function classOfError(error: DecisiveError | undefined): FailureClass {
  if (error?.isUnderLoad === true) return 'timeout under load';
  switch (error?.fault) {
    case 'device':
      return 'product';
    case 'bug':
      return 'harness';
    case 'usage':
    case 'environment':
      return error.fault;
    default:
      return 'test';
  }
}

/** The class of a test that failed in several attempts. The worst one decides, so that no retry hides a broken device. Pure. */
export function worstClass(classes: readonly FailureClass[]): FailureClass | undefined {
  return failureClasses.find((one) => classes.includes(one));
}

/** Whether a failure says nothing about the device, alpy or the test, so that running the test again may help. */
export function isOfEnvironment(failureClass: FailureClass): boolean {
  return failureClass === 'environment' || failureClass === 'timeout under load';
}

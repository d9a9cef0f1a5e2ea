// SPDX-License-Identifier: GPL-3.0-or-later
import type { ErrorDetail } from '../core/errors.ts';

/** Result of a matcher, as Vitest expects it. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
  /** for the reports: whether a wait timed out, so that a slow machine may be the cause */
  readonly meta?: { readonly hasMissedDeadline: boolean; readonly details?: readonly ErrorDetail[] | undefined };
}

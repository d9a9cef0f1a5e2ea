// SPDX-License-Identifier: GPL-3.0-or-later
import { EnvironmentError } from '../core/errors.ts';

/** A snapshot cannot be made, found or read. */
export class SnapshotError extends EnvironmentError {
  override readonly code = 'ALPY_SNAPSHOT';
}

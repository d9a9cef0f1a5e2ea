// SPDX-License-Identifier: GPL-3.0-or-later
import { SettingsError } from '../core/errors.ts';

/** The configuration cannot be used. */
export class ConfigError extends SettingsError {
  readonly code = 'ALPY_CONFIG';
}

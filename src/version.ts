// SPDX-License-Identifier: GPL-3.0-or-later
import packageJson from '../package.json' with { type: 'json' };

/** Version of this package. */
export const alpyVersion: string = packageJson.version;

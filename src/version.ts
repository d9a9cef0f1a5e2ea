// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';

const packageJson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };

/** Version of this package. */
export const alpyVersion: string = packageJson.version;

// SPDX-License-Identifier: GPL-3.0-or-later
import type { Appliance } from '../config/index.ts';
import type { Access, AccessParts } from './access.ts';
import { prepareShell } from './serial-shell/index.ts';
import { SerialShell } from './serial-shell/serial-shell.ts';

/** Chooses the way to run commands on an appliance. */
export function createAccess(parts: AccessParts): Access {
  return new SerialShell(parts);
}

/** What the state of the access in a snapshot depends on, as a value for `JSON.stringify`: how the shell in it was opened. */
export function accessInputs({ login }: Appliance): unknown {
  return [login, prepareShell];
}

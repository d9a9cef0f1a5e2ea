// SPDX-License-Identifier: GPL-3.0-or-later
import { containerKinds } from './containers.ts';
import { guestKinds } from './guest.ts';
import type { FaultKind } from './kind.ts';
import { signalKinds } from './signals.ts';

/** All kinds of faults. */
export const faultKinds: readonly FaultKind[] = [...signalKinds, ...containerKinds, ...guestKinds];

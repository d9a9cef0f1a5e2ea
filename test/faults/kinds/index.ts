// SPDX-License-Identifier: GPL-3.0-or-later
import { clockKinds } from './clock.ts';
import { containerKinds } from './containers.ts';
import { daemonKinds } from './daemon.ts';
import { diskKinds } from './disk.ts';
import { dockerdKinds } from './dockerd.ts';
import { guestKinds } from './guest.ts';
import type { FaultKind } from './kind.ts';
import { machineKinds } from './machine.ts';
import { outOfMemoryKinds } from './out-of-memory.ts';
import { signalKinds } from './signals.ts';
import { snapshotKinds } from './snapshot.ts';

/** All kinds of faults. */
export const faultKinds: readonly FaultKind[] = [
  ...signalKinds,
  ...containerKinds,
  ...guestKinds,
  ...machineKinds,
  ...outOfMemoryKinds,
  ...clockKinds,
  ...daemonKinds,
  ...dockerdKinds,
  ...diskKinds,
  ...snapshotKinds,
];

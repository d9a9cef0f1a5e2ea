// SPDX-License-Identifier: GPL-3.0-or-later
import type { Access } from '../access/index.ts';
import type { Appliance } from '../config/index.ts';
import type { SerialConsole } from '../console/index.ts';
import type { GuestClock, Hypervisor } from '../qemu/index.ts';
import type { Link } from './link.ts';
import type { ReadyingDevice } from './ready/readiness.ts';

export type { Appliance } from '../config/index.ts';

/** The parts of a device under test. */
export interface DutParts {
  readonly name: string;
  readonly appliance: Pick<Appliance, 'bootTimeoutMs' | 'ready'>;
  readonly access: Access;
  /** absolute path of the picture that a failed boot saves */
  readonly screenFile: string;
  /** by what factor waits are longer than configured */
  readonly timeFactor: number;
  readonly hypervisor: Pick<Hypervisor, 'qmp' | 'container' | 'scratchDirectory' | 'saveState' | 'closeSerial'>;
  readonly console: SerialConsole;
  /** settles when the console has ended and all of it was read */
  readonly consoleEnded: Promise<void>;
  /** those at its NICs, in the order of the NICs */
  readonly links: readonly Link[];
  /** the nodes and links of the testbed, for the conditions of `appliance.ready` */
  readonly surroundings: Pick<ReadyingDevice, 'nodes' | 'links'>;
  readonly clock: GuestClock;
  /** whether it comes from a snapshot, logged in and at a prompt */
  readonly isRestored: boolean;
}

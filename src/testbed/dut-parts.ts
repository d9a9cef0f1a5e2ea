// SPDX-License-Identifier: GPL-3.0-or-later
import type { Config } from '../config/index.ts';
import type { SerialConsole } from '../console/index.ts';
import type { GuestClock, Hypervisor } from '../qemu/index.ts';
import type { Link } from './link.ts';

/** Description of an appliance, as the configuration has it. */
export type Appliance = Config['appliance'];

/** What a device under test is made of. */
export interface DutParts {
  readonly appliance: Appliance;
  /** absolute path of the testbed's folder */
  readonly directory: string;
  /** by what factor waits are longer than configured */
  readonly timeFactor: number;
  readonly hypervisor: Hypervisor;
  readonly console: SerialConsole;
  /** settles when the console has ended and all of it was read */
  readonly consoleEnded: Promise<void>;
  readonly links: readonly Link[];
  readonly clock: GuestClock;
  /** whether it comes from a snapshot: the guest stands at a prompt */
  readonly isRestored: boolean;
}

// SPDX-License-Identifier: GPL-3.0-or-later
import type { Appliance } from '../config/index.ts';
import type { Wait } from '../core/deadline.ts';
import type { SerialConsole } from '../console/index.ts';
import type { LoginOptions, RemoteShell } from './serial-shell/index.ts';

/** One boot of a guest, from its start or reset to its end. */
export interface Boot {
  /** fires when this boot ends: the guest powers off, reboots or panics */
  readonly signal: AbortSignal;
  /** how long ago the guest started or was reset, in `ms`; Infinity if it comes from a snapshot */
  readonly ageMs: number;
  /** position in the output of the console from which it belongs to this boot */
  readonly bootPosition: number;
}

/** What a guest prints on its console when its system has died. */
export interface DeathSign {
  /** must match within one line, without the flag g */
  readonly pattern: RegExp;
  /** what the match means, for the message: `its kernel panicked` */
  readonly meaning: string;
}

/** What an access is made of. */
export interface AccessParts {
  /** of the device, for messages */
  readonly name: string;
  readonly appliance: Appliance;
  readonly console: SerialConsole;
  /** by what factor waits are longer than configured */
  readonly timeFactor: number;
  /** its name, for the titles of steps; absent if there is only one device */
  readonly device?: string | undefined;
}

/**
 * How Alpy reaches the system on a device: what it takes until that is ready, how commands are run, how it reboots and powers
 * off, how its clock is set. One object serves all boots of a guest. There is one kind so far, the serial shell; `shell` and
 * `login` have its types.
 */
export interface Access {
  /** how to see on the console that the system has died */
  readonly deathSigns: readonly DeathSign[];

  /**
   * Runs commands on the device.
   * @throws UsageError before the first log-in
   */
  readonly shell: RemoteShell;

  /**
   * Logs in after a cold boot and runs `appliance.provision`; does nothing if the configuration does not say how to log in.
   * @param wait - for all of it
   * @throws EnvironmentError when provisioning takes too long, and what {@link Access.login} and its commands throw
   */
  ready(boot: Boot, wait: Wait): Promise<void>;

  /**
   * Logs in, which makes a new {@link Access.shell}.
   * @param options - default: what the configuration says
   * @throws UsageError when neither says how; LoginError, ConsoleTimeoutError, ConsoleClosedError, the reason of `boot.signal`
   */
  login(boot: Boot, wait: Wait, options?: LoginOptions): Promise<RemoteShell>;

  /** Continues in a guest from a snapshot, which is logged in and provisioned. Its clock is set in the background. */
  resume(boot: Boot): void;

  /**
   * Waits until the clock of a guest from a snapshot is set; commands of the shell wait for this themselves.
   * @throws UsageError when `appliance.clockCommand` is refused, ConsoleTimeoutError, ConsoleClosedError
   */
  waitForClock(): Promise<void>;

  /** Drops the shell, because the boot that it belonged to has ended. */
  forget(): void;

  /**
   * Reboots the device by a command.
   * @param done - waits until the guest has rebooted
   * @throws CommandError when the device refuses the command, and what `done` throws
   */
  reboot(done: (wait: Wait) => Promise<void>, wait: Wait): Promise<void>;

  /**
   * Powers the device off by a command.
   * @param done - waits until the guest has powered off
   * @returns false, without doing anything, if no command is configured or there is no shell yet
   * @throws CommandError when the device refuses the command, and what `done` throws
   */
  powerOff(done: (wait: Wait) => Promise<void>, wait: Wait): Promise<boolean>;

  /** Why the device may not have become ready, as lines for the message about a failed boot. */
  failureHints(): readonly string[];
}

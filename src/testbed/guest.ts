// SPDX-License-Identifier: GPL-3.0-or-later
import { withDeadline, type Wait } from '../core/deadline.ts';
import { markHandled } from '../core/mark-handled.ts';
import { logUnscoped } from '../core/step.ts';
import { DiskIoError, isDriveId, QmpClosedError, QmpTimeoutError, type QmpClient, type QmpEvent } from '../qemu/index.ts';
import type { Boot, DeathSign } from '../access/index.ts';
import type { SerialConsole } from '../console/index.ts';
import { GuestLostError } from './errors.ts';

/** How a boot of the guest can end without a failure, if that is awaited. */
type Ending = 'shutdown' | 'reset' | 'panic';

const endingTexts: Readonly<Record<Ending, string>> = { shutdown: 'power off', reset: 'reboot', panic: 'panic' };

/** What {@link Guest} watches. */
export interface GuestParts {
  readonly name: string;
  readonly qmp: QmpClient;
  readonly console: SerialConsole;
  /** what the console prints when the system in the guest has died */
  readonly deathSigns: readonly DeathSign[];
  /** whether it booted long ago, before its snapshot was saved */
  readonly isRestored: boolean;
}

/**
 * Watches whether the guest lives, by QEMU's events and by signs of death on its console. If it ends and nothing awaits that,
 * it is an error.
 */
export class Guest implements Boot {
  readonly #name: string;
  readonly #deathSigns: readonly DeathSign[];
  readonly #console: SerialConsole;
  readonly #qmp: QmpClient;
  #life = new AbortController();
  readonly #awaited: Record<Ending, number> = { shutdown: 0, reset: 0, panic: 0 };
  readonly #happened: Record<Ending, PromiseWithResolvers<void>> = {
    shutdown: Promise.withResolvers<void>(),
    reset: Promise.withResolvers<void>(),
    panic: Promise.withResolvers<void>(),
  };
  /** whether it has panicked as it was expected to, and has not been reset since */
  #hasPanicked = false;
  #unexpected: { readonly ending: Ending | 'disk'; readonly error: GuestLostError | DiskIoError } | undefined;
  #tail = '';
  #hasSpokenSinceReset = true;
  /** when it started to boot, if it has */
  #bornMs: number | undefined;
  #bootPosition = 0;

  constructor({ name, qmp, console, deathSigns, isRestored }: GuestParts) {
    if (isRestored) this.#bornMs = -Infinity;
    this.#name = name;
    this.#deathSigns = deathSigns;
    this.#console = console;
    this.#qmp = qmp;
    qmp.onEvent((event) => {
      this.#take(event);
    });
    console.observe((chunk) => {
      this.#watchForDeath(chunk);
    });
  }

  /** Fires when the guest powers off, reboots or panics; a new signal for each boot. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  /** how long ago the guest started or was reset, in `ms`; Infinity if it comes from a snapshot */
  get ageMs(): number {
    return this.#bornMs === undefined ? 0 : performance.now() - this.#bornMs;
  }

  /** position in the output of the console from which it belongs to this boot */
  get bootPosition(): number {
    return this.#bootPosition;
  }

  /** Why the guest is lost: it ended and nothing has awaited that, not even later, or its disk failed. */
  get failure(): GuestLostError | DiskIoError | undefined {
    return this.#unexpected?.error;
  }

  /**
   * Waits until the guest has powered off, rebooted or panicked; it counts if it did so since the last wait.
   * @throws QmpTimeoutError when it does not in time
   * @throws {@link GuestLostError} when it panics
   * @throws QmpClosedError when QEMU ends instead
   */
  async waitFor(ending: Ending, wait: Wait): Promise<void> {
    this.#awaited[ending] += 1;
    try {
      const what = `${this.#name} to ${endingTexts[ending]}`;
      await withDeadline(
        wait,
        (cause) => new QmpTimeoutError(what, wait.timeoutMs, 'device', { cause }),
        () => Promise.race([this.#happened[ending].promise, this.#endOfQemu(what)]),
      );
      if (this.#unexpected?.ending === ending) this.#unexpected = undefined;
      this.#happened[ending] = Promise.withResolvers<void>();
    } finally {
      this.#awaited[ending] -= 1;
    }
  }

  /** Call this when the reset button is pressed: ends everything that waits for this boot. */
  expectReset(): void {
    this.#endLife(new GuestLostError(`${this.#name} was reset`, 'reset', this.#console.tail));
  }

  async #endOfQemu(awaited: string): Promise<never> {
    const cause = await this.#qmp.closed;
    throw new QmpClosedError(awaited, { cause });
  }

  #take({ event, data }: QmpEvent): void {
    if (event === 'BLOCK_IO_ERROR' && isFatal(data)) this.#die('disk', new DiskIoError(this.#name, data));
    if (event === 'GUEST_PANICKED') this.#panic('its kernel panicked (as it reported to QEMU)');
    if (event === 'RESUME') this.#bornMs ??= performance.now();
    if (event === 'RESET') {
      this.#hasPanicked = false;
      this.#bornMs = performance.now();
      this.#bootPosition = this.#console.position;
    }
    if (event === 'RESET' && data['guest'] !== true) this.#hasSpokenSinceReset = false;
    if ((event !== 'SHUTDOWN' && event !== 'RESET') || data['guest'] !== true) return;
    const ending = event === 'SHUTDOWN' ? 'shutdown' : 'reset';
    // a kernel tries several ways to reset, and firmware may reset again: all of that is one reboot
    if (ending === 'reset' && !this.#hasSpokenSinceReset) return;
    if (ending === 'reset') this.#hasSpokenSinceReset = false;
    const what = `${this.#name}: the guest ${ending === 'shutdown' ? 'powered itself off' : 'rebooted'}`;
    logUnscoped('alpy.qemu', `${what} (${String(data['reason'])})`);
    const error = new GuestLostError(`${what} in the middle of the test`, ending, this.#console.tail);
    if (this.#awaited[ending] === 0) this.#unexpected ??= { ending, error };
    this.#happened[ending].resolve();
    this.#endLife(error);
  }

  #watchForDeath(chunk: Buffer): void {
    this.#hasSpokenSinceReset = true;
    this.#tail = (this.#tail + chunk.toString('latin1')).slice(-500);
    for (const { pattern, meaning } of this.#deathSigns) {
      const found = pattern.exec(this.#tail);
      if (!found || !this.#tail.includes('\n', found.index)) continue; // no match, or its line is incomplete
      this.#tail = '';
      this.#panic(`${meaning}: ${found[0]}`);
      return;
    }
  }

  /** A panic has several signs: its message, and what it tells QEMU. */
  #panic(what: string): void {
    if (this.#hasPanicked) return;
    const error = new GuestLostError(`${this.#name}: ${what}`, 'panic', this.#console.tail);
    if (this.#awaited.panic === 0) {
      this.#die('panic', error);
      return;
    }
    this.#hasPanicked = true;
    this.#happened.panic.resolve();
    this.#endLife(error);
  }

  /** Fails every wait: nothing will happen any more. */
  #die(ending: 'panic' | 'disk', error: GuestLostError | DiskIoError): void {
    logUnscoped('alpy.qemu', error.message.split('\n')[0] ?? '');
    this.#unexpected ??= { ending, error };
    for (const ending of Object.values(this.#happened)) {
      markHandled(ending.promise);
      ending.reject(error);
    }
    this.#endLife(error);
  }

  #endLife(error: GuestLostError | DiskIoError): void {
    this.#life.abort(error);
    const { ending } = this.#unexpected ?? {};
    if (ending !== 'panic' && ending !== 'disk') this.#life = new AbortController(); // for the boot after a reboot
  }
}

/** Whether this machine has an I/O error. A disk that the user made fail reports its errors only to the guest. */
function isFatal({ device, action, nospace }: QmpEvent['data']): boolean {
  return (typeof device === 'string' && isDriveId(device)) || action === 'stop' || nospace === true;
}

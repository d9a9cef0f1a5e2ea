// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { countDown, withDeadline, type Wait } from '../core/deadline.ts';
import { EnvironmentError, messageOf, UsageError } from '../core/errors.ts';
import { replaceFile } from '../core/plain-file.ts';
import { categorizedStep, step } from '../core/step.ts';
import type { LoginOptions, RemoteShell } from '../access/index.ts';
import { QmpTimeoutError } from '../qemu/index.ts';
import { check } from './dut-options.ts';
import type { DutParts } from './dut-parts.ts';
import { DutPower } from './dut-power.ts';
import { BootError } from './errors.ts';
import { explainFailedBoot } from './failed-boot.ts';
import type { Guest } from './guest.ts';
import { Readiness } from './ready/readiness.ts';

/** Size of the largest picture of a screen, in `bytes`. */
const maxScreenBytes = 64 * 1024 ** 2;

/** The device under test: a QEMU guest, its console and its links. */
export class Dut extends DutPower {
  readonly #appliance: DutParts['appliance'];
  readonly #parts: Pick<DutParts, 'screenFile' | 'surroundings' | 'consoleEnded' | 'clock'>;
  readonly #hypervisor: DutParts['hypervisor'];
  /** whether the guest still stands where its snapshot was taken */
  #isAtSnapshot: boolean;

  constructor(parts: DutParts) {
    super(parts);
    const { appliance, hypervisor, isRestored } = parts;
    this.#appliance = appliance;
    this.#parts = parts;
    this.#hypervisor = hypervisor;
    this.#isAtSnapshot = isRestored;
    this.qmp.onEvent(({ event, data }) => {
      if (event === 'SHUTDOWN' && data['guest'] === true) void this.#endConsole();
    });
  }

  /**
   * The shell on the console.
   * @throws UsageError before the first log-in, and after {@link DutPower.powerCut}
   */
  get shell(): RemoteShell {
    this.supply.assertOn();
    return this.access.shell;
  }

  /** whether the guest still stands where its snapshot was taken, so that {@link Dut.boot} restores it */
  get isAtSnapshot(): boolean {
    return this.#isAtSnapshot;
  }

  /** Why the guest is lost, if it powered off, rebooted or panicked unexpectedly, or its disk failed. */
  get failure(): Guest['failure'] {
    return this.guest.failure;
  }

  /**
   * Waits until the clock of a guest from a snapshot is set: this continues for some 0.5 s after {@link Dut.boot} has returned,
   * without KVM. Every command of the shell waits for it anyway. Returns immediately if the guest has booted.
   * @throws UsageError when `appliance.clockCommand` is refused, BootError when the guest does not answer
   */
  async waitForClock(): Promise<void> {
    check.waitForClock(arguments);
    try {
      await this.access.waitForClock();
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new BootError(`${this.name}: its clock could not be set after it was restored: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /**
   * Starts the guest, logs in if the configuration says how, provisions it, and waits for the conditions of `appliance.ready`. A guest
   * from a snapshot continues where that was saved, logged in and provisioned, and its clock is set.
   * @param wait - for all of it; default: `appliance.bootTimeoutMs`, times {@link Dut.timeFactor}
   * @throws BootError when no prompt comes in time, a condition does not hold, or the guest ends while it boots
   * @throws LoginError when user name or password are wrong
   * @throws ShellKindError when the log-in shell is not a POSIX shell
   */
  async boot(wait: Partial<Wait> = {}): Promise<void> {
    check.boot(arguments);
    await this.bootAfter(() => this.start(), wait);
  }

  /** Boots as {@link Dut.boot} does. @param start - starts the virtual CPU @internal */
  async bootAfter(start: () => Promise<void>, wait: Partial<Wait>): Promise<void> {
    if (this.#isAtSnapshot) return this.#resume(start);
    await categorizedStep('testbed.boot', 'alpy.testbed', `Boot ${this.name}`, async () => {
      using readiness = this.#watchReadiness();
      await start();
      try {
        await this.resetting;
        const limits = this.#bootWait(wait);
        const rest = countDown({
          ...limits,
          signal: AbortSignal.any([this.guest.signal, ...(limits.signal ? [limits.signal] : [])]),
        });
        await this.access.ready(this.guest, limits);
        await readiness.hold(rest, limits.timeoutMs);
      } catch (error) {
        wait.signal?.throwIfAborted();
        throw await this.#explainFailedBoot(error, wait.signal);
      }
    });
  }

  /**
   * Logs in on the console; for use after a reboot, or if the configuration does not say how.
   * @param options - default: what the configuration says
   * @throws LoginError, ConsoleTimeoutError, ConsoleClosedError, GuestLostError
   */
  async login(wait: Partial<Wait> = {}, options?: LoginOptions): Promise<RemoteShell> {
    check.login(arguments);
    const rest = countDown(this.#bootWait(wait));
    await this.resetting;
    return this.access.login(this.guest, rest(), options);
  }

  /**
   * Waits until the guest reboots by itself; after that, {@link Dut.login} returns a new shell.
   * @param wait - `timeoutMs` is 30 s by default, times `dut.timeFactor`
   * @throws QmpTimeoutError when it does not in time, GuestLostError when it panics, QmpClosedError when QEMU ends
   */
  async waitForReboot(wait: Partial<Wait> = {}): Promise<void> {
    check.waitForReboot(arguments);
    await this.guest.waitFor('reset', this.waitOf(wait));
    this.access.forget();
  }

  /**
   * Reboots the guest by `appliance.rebootCommand`, and logs in again.
   * @param wait - for all of it; default: as for {@link Dut.boot}
   * @throws CommandError when it refuses the command, QmpTimeoutError when it does not reboot in time, and what
   * {@link Dut.login} throws
   */
  async reboot(wait: Partial<Wait> = {}): Promise<RemoteShell> {
    check.reboot(arguments);
    return step('alpy.testbed', `Reboot ${this.name}`, async () => {
      const rest = countDown(this.#bootWait(wait));
      await this.access.reboot((limits) => this.waitForReboot(limits), rest());
      return await this.login(rest());
    });
  }

  /**
   * Saves a picture of the screen.
   * @param path - PNG file to write on this machine; a link of that name is replaced, not followed
   * @throws QmpError when QEMU has no screen
   * @throws EnvironmentError when the picture cannot be saved
   */
  async screenshot(path: string): Promise<void> {
    check.screenshot(arguments);
    const inside = join(this.#hypervisor.scratchDirectory, 'screen.png');
    await this.qmp.execute('screendump', { filename: inside, format: 'png' });
    const picture = await this.#hypervisor.container.read(inside, maxScreenBytes);
    if (!picture) throw new EnvironmentError('QEMU saved no picture of the screen');
    await replaceFile(path, picture);
  }

  /**
   * Saves the state of the guest, whose testbed was created with `snapshot.use: 'make'`. It is stopped afterwards.
   * @returns the time on its virtual clock, in `ms`
   * @throws QmpError, QmpTimeoutError, QmpClosedError
   * @internal
   */
  async save(wait: Wait): Promise<number> {
    const stopped = this.waitForStop(wait);
    await this.pause();
    await stopped;
    await this.#hypervisor.saveState(wait);
    return this.#parts.clock.stoppedAtMs;
  }

  #watchReadiness(): Readiness {
    const { name, console, timeFactor } = this;
    const conditions = this.#appliance.ready ?? [];
    return new Readiness({ name, conditions, console, ...this.#parts.surroundings, timeFactor, shell: () => this.access.shell });
  }

  /** Continues where the snapshot was saved. */
  async #resume(start: () => Promise<void>): Promise<void> {
    this.#isAtSnapshot = false;
    await step('alpy.testbed', `Resume ${this.name}`, async () => {
      await start();
      this.access.resume(this.guest);
    });
  }

  #explainFailedBoot(error: unknown, signal?: AbortSignal): Promise<Error> {
    const screenshot = (path: string): Promise<void> => this.screenshot(path);
    const guest = { name: this.name, qmp: this.qmp, hints: this.access.failureHints(), screenshot };
    return explainFailedBoot(guest, this.#parts.screenFile, error, signal);
  }

  /**
   * Ends the console after everything that the guest has sent was read.
   * @internal
   */
  async close(): Promise<void> {
    await this.qmp.execute('stop').catch(() => undefined); // QEMU may have ended
    await this.#endConsole();
    await withDeadline(
      { timeoutMs: 5000 },
      (cause) => new QmpTimeoutError('the end of the console', 5000, 'environment', { cause }),
      () => this.#parts.consoleEnded,
    ).finally(() => this.console.close());
  }

  async #endConsole(): Promise<void> {
    await this.#hypervisor.closeSerial().catch(() => undefined); // it is closed already, or it ended with QEMU
  }

  #bootWait({ timeoutMs, signal }: Partial<Wait>): Wait {
    return { timeoutMs: timeoutMs ?? this.#appliance.bootTimeoutMs * this.timeFactor, signal };
  }
}

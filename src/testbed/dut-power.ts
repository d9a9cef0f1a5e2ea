// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { markHandled } from '../core/mark-handled.ts';
import { step } from '../core/step.ts';
import type { Access } from '../access/index.ts';
import type { SerialConsole } from '../console/index.ts';
import type { QmpClient } from '../qemu/index.ts';
import { check } from './dut-options.ts';
import type { DutParts } from './dut-parts.ts';
import { crash } from './faults/crash.ts';
import { freeze } from './faults/freeze.ts';
import { PowerSupply } from './faults/power-supply.ts';
import { Guest } from './guest.ts';
import type { Link } from './link.ts';
import { isCpuRunning, pressReset } from './reset-button.ts';

/** The buttons, the power supply and the processor of a device. */
export class DutPower {
  readonly name: string;
  readonly console: SerialConsole;
  readonly links: readonly Link[];
  /** QEMU's monitor, for everything that has no method here */
  readonly qmp: QmpClient;
  /** by what factor waits are longer than configured: 1 with KVM, 4 without, more on a slow machine */
  readonly timeFactor: number;
  /** @internal */
  protected readonly access: Access;
  /** @internal */
  protected readonly guest: Guest;
  /** settles when the guest is reset, if the reset button was pressed @internal */
  protected resetting: Promise<void> | undefined;
  /** @internal */
  protected readonly supply: PowerSupply;

  constructor({ name, access, timeFactor, hypervisor, console, links, isRestored }: DutParts) {
    this.name = name;
    this.console = console;
    this.links = links;
    this.qmp = hypervisor.qmp;
    this.timeFactor = timeFactor;
    this.access = access;
    this.guest = new Guest({ name: this.name, qmp: this.qmp, console, deathSigns: access.deathSigns, isRestored });
    this.supply = new PowerSupply(this.name, this.qmp, links);
  }

  /** Starts the virtual CPU, also after `dut.pause`. @throws QmpError when QEMU refuses, UsageError after {@link DutPower.powerCut} */
  async start(): Promise<void> {
    check.start(arguments);
    this.supply.assertOn();
    await step('alpy.qemu', `Start the virtual CPU of ${this.name}`, () => this.qmp.execute('cont'));
  }

  /** Halts the virtual CPU and its clock; the console stays open. @throws QmpError when QEMU refuses */
  async pause(): Promise<void> {
    check.pause(arguments);
    await step('alpy.qemu', `Pause ${this.name}`, () => this.qmp.execute('stop'));
  }

  /**
   * Freezes the guest until the result is disposed: `await using frozen = await dut.freeze()`. It answers nothing meanwhile, its clock
   * stands still, and its links keep their carriers. Up to 10,000 frames for each NIC wait, and reach it when it goes on.
   * @throws QmpError when QEMU refuses
   */
  async freeze(): Promise<AsyncDisposable> {
    check.freeze(arguments);
    return freeze(this.name, this.qmp, this.supply);
  }

  /**
   * Waits until the virtual CPU is stopped, by whatever; returns immediately if it already is.
   * @param wait - `timeoutMs` is 30 s by default, times `dut.timeFactor`
   * @throws QmpTimeoutError when it is not stopped in time, QmpClosedError when QEMU ends
   */
  async waitForStop(wait: Partial<Wait> = {}): Promise<void> {
    check.waitForStop(arguments);
    const stopped = this.qmp.waitForEvent('STOP', { ...this.waitOf(wait), awaited: `${this.name} to stop` });
    markHandled(stopped);
    if (!(await this.isRunning())) return;
    await stopped;
  }

  /** Whether the virtual CPU runs. @throws QmpClosedError when QEMU has ended */
  async isRunning(): Promise<boolean> {
    check.isRunning(arguments);
    return isCpuRunning(this.qmp);
  }

  /**
   * Presses the reset button: the guest boots again, without a chance to stop its services. Earlier output
   * no longer counts for `console.expect` and `dut.login`.
   */
  async reset(): Promise<void> {
    check.reset(arguments);
    this.supply.assertOn();
    await this.#reset();
  }

  /**
   * Makes the guest's system crash: QEMU sends a non-maskable interrupt, as the NMI button of a server does, and the guest panics.
   * Linux does so only if its sysctl `kernel.unknown_nmi_panic` is 1. Afterwards the guest does what it does after a panic: it halts
   * until `dut.reset`, or boots again by itself, for which `dut.waitForReboot` waits.
   * @param wait - until it panics; `timeoutMs` is 10 s by default, times `dut.timeFactor`
   * @throws UsageError when it does not panic in time, QmpError when its machine has no such button
   */
  async crash(wait: Partial<Wait> = {}): Promise<void> {
    check.crash(arguments);
    const { timeoutMs = 10_000 * this.timeFactor, signal } = wait;
    await crash(this.name, this.qmp, this.guest, { timeoutMs, signal });
    this.access.forget();
  }

  /**
   * Cuts the power: the guest stops in the middle of what it does, its memory is lost, and all its links lose their carriers. The
   * other ends of a segment keep theirs. Its disk keeps what the guest has written to it so far, so files that the guest holds only in
   * its memory are lost.
   * {@link DutPower.powerOn} switches it on again.
   */
  async powerCut(): Promise<void> {
    check.powerCut(arguments);
    await this.supply.cut(async () => {
      await this.qmp.execute('stop');
      await this.#reset();
    });
  }

  /**
   * Switches the device on after {@link DutPower.powerCut}: it boots from its disk. `dut.login` waits until it has booted.
   * @throws UsageError if it is on
   */
  async powerOn(): Promise<void> {
    check.powerOn(arguments);
    await this.supply.restore(() => this.qmp.execute('cont'));
  }

  /**
   * Powers the guest off, by `appliance.powerOffCommand` or its power button, and waits until it is off.
   * @param wait - `timeoutMs` is 30 s by default, times `dut.timeFactor`
   * @throws CommandError when it refuses the command, QmpTimeoutError when it is not off in time
   */
  async powerDown(wait: Partial<Wait> = {}): Promise<void> {
    check.powerDown(arguments);
    await step('alpy.testbed', `Power ${this.name} down`, async () => {
      const done = (limits: Wait): Promise<void> => this.waitForShutdown(limits);
      if (await this.access.powerOff(done, this.waitOf(wait))) return;
      await Promise.all([done(this.waitOf(wait)), this.qmp.execute('system_powerdown')]);
    });
  }

  /**
   * Waits until the guest has powered off; returns immediately if it already has. See {@link DutPower.powerDown}.
   * @param wait - `timeoutMs` is 30 s by default, times `dut.timeFactor`
   * @throws QmpTimeoutError when it is not off in time, GuestLostError when it panics, QmpClosedError when QEMU ends
   */
  async waitForShutdown(wait: Partial<Wait> = {}): Promise<void> {
    check.waitForShutdown(arguments);
    await this.guest.waitFor('shutdown', this.waitOf(wait));
  }

  async #reset(): Promise<void> {
    this.access.forget();
    this.guest.expectReset();
    const resetting = pressReset(this.name, this.qmp, this.console, this.waitOf({}));
    this.resetting = resetting.catch(() => undefined); // the caller gets the error
    await resetting;
  }

  /** @internal */
  protected readonly waitOf = ({ timeoutMs = 30_000 * this.timeFactor, signal }: Partial<Wait>): Wait => ({ timeoutMs, signal });
}

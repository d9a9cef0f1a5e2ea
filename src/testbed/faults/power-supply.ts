// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import { step } from '../../core/step.ts';
import type { QmpClient } from '../../qemu/index.ts';
import type { Link } from '../link.ts';

/** The power supply of a device. The cables of a device without power have no carriers. */
export class PowerSupply {
  readonly #name: string;
  readonly #qmp: QmpClient;
  readonly #links: readonly Link[];
  #isOn = true;

  constructor(name: string, qmp: QmpClient, links: readonly Link[]) {
    this.#name = name;
    this.#qmp = qmp;
    this.#links = links;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** @throws UsageError if the power is cut */
  assertOn(): void {
    if (!this.#isOn)
      throw new UsageError(
        `expected ${this.#name} to have power, but dut.powerCut has cut it: call dut.powerOn before (by hand: alpy dut ${this.#name} power-on)`,
      );
  }

  /**
   * Cuts the power.
   * @param halt - ends what the guest does and resets it; it does not run afterwards
   */
  async cut(halt: () => Promise<void>): Promise<void> {
    this.assertOn();
    await step('alpy.testbed', `Cut the power of ${this.#name}`, async () => {
      await halt();
      this.#isOn = false;
      await Promise.all(this.#links.map((link) => link.setPowered(this.#qmp, false)));
    });
  }

  /** Switches the power on. @param start - starts the guest @throws UsageError if it is on */
  async restore(start: () => Promise<unknown>): Promise<void> {
    if (this.#isOn) throw new UsageError(`expected ${this.#name} to be without power, but dut.powerCut has not cut it`);
    await step('alpy.testbed', `Switch ${this.#name} on`, async () => {
      await Promise.all(this.#links.map((link) => link.setPowered(this.#qmp, true)));
      await start();
      this.#isOn = true;
    });
  }
}

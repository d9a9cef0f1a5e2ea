// SPDX-License-Identifier: GPL-3.0-or-later
import { step } from '../core/step.ts';
import type { QmpClient } from '../qemu/index.ts';
import { timesTexts, type FaultTimes } from './faults/impair-options.ts';
import type { JoinedEnds, LinkEnd } from './link-end.ts';

/** The carriers at the ends of a link. They depend on whether it is plugged in, and on the power of its devices. */
export class Carriers {
  readonly #joined: JoinedEnds;
  /** what {@link Carriers.plug} did last */
  #isPlugged = true;
  /** those that keep it unplugged for a time */
  readonly #unpluggings = new Set<object>();
  #isUp = true;
  /** the devices at it that are without power */
  readonly #unpowered = new Set<QmpClient>();
  /** resolves when the last change has ended; never rejects */
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(joined: JoinedEnds) {
    this.#joined = joined;
  }

  /** whether the ends have carriers: the link is plugged in, and both devices at a cable have power */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** whether it is a cable, and a device at one of its ends has no power */
  get #isUnpowered(): boolean {
    return !this.#joined.isSegment && this.#unpowered.size > 0;
  }

  /** whether it is plugged in, and no device at a cable lacks power */
  get #shouldBeUp(): boolean {
    return this.#isPlugged && this.#unpluggings.size === 0 && !this.#isUnpowered;
  }

  /**
   * Plugs the link in or unplugs it. Plugging it in ends what {@link Carriers.unplug} has begun. Calls take effect one after the other, in
   * order.
   * @throws QmpError when QEMU refuses, ExecError when the kernel refuses
   */
  async plug(isPlugged: boolean): Promise<void> {
    await this.#inOrder(`${isPlugged ? 'Plug in' : 'Unplug'} ${this.#joined.name}`, async () => {
      await this.#set(isPlugged && !this.#isUnpowered);
      this.#isPlugged = isPlugged;
      if (isPlugged) this.#unpluggings.clear();
    });
  }

  /**
   * Unplugs the link until {@link Carriers.release} is called.
   * @param unplugging - tells it from others at the same time
   * @param times - when it ends, for the report
   * @throws what {@link Carriers.plug} throws
   */
  async unplug(unplugging: object, times: FaultTimes): Promise<void> {
    await this.#inOrder([`Unplug ${this.#joined.name}`, ...timesTexts(times)].join(', '), async () => {
      await this.#set(false);
      this.#unpluggings.add(unplugging);
    });
  }

  /**
   * Ends what {@link Carriers.unplug} has begun. Plugs the link in, unless something else keeps it unplugged.
   * @throws what {@link Carriers.plug} throws
   */
  async release(unplugging: object): Promise<void> {
    if (!this.#unpluggings.has(unplugging)) return;
    await this.#inOrder(`Plug in ${this.#joined.name}`, async () => {
      this.#unpluggings.delete(unplugging);
      if (this.#shouldBeUp) await this.#set(true);
    });
  }

  /**
   * Takes the carrier from a device without power, or gives it back unless the link is unplugged. The other ends of a segment keep
   * theirs. A cable has carriers when the devices at both ends have power.
   * @throws what {@link Carriers.plug} throws
   */
  async setPowered(device: QmpClient, isOn: boolean): Promise<void> {
    await this.#inOrder(`Switch the power ${isOn ? 'on' : 'off'} at ${this.#joined.name}`, async () => {
      if (isOn) this.#unpowered.delete(device);
      else this.#unpowered.add(device);
      const isUp = this.#shouldBeUp;
      if (isUp !== this.#isUp) return this.#set(isUp);
      if (!this.#joined.isSegment) return;
      const nics = this.#joined.ends.filter((end) => end.kind === 'nic' && end.machine.qmp === device).flatMap(inQemu);
      await Promise.all(nics.map(({ name }) => device.execute('set_link', { name, up: isOn && isUp })));
    });
  }

  async #inOrder<T>(title: string, body: () => Promise<T>): Promise<T> {
    const before = this.#lastChange;
    const change = step('alpy.qemu', title, async () => {
      await before;
      return await body();
    });
    this.#lastChange = change.catch(() => undefined); // the caller gets the error
    return change;
  }

  /** Gives the carrier to all ends with power, or takes it from all ends. */
  async #set(isUp: boolean): Promise<void> {
    const { ends } = this.#joined;
    const setQemu = (): Promise<unknown> =>
      Promise.all(
        ends.flatMap(inQemu).map(({ qmp, name }) => qmp.execute('set_link', { name, up: isUp && !this.#unpowered.has(qmp) })),
      );
    // the guest's end comes up last and goes down first, so that the nodes are ready for whatever the guest sends
    if (!isUp) await setQemu();
    for (const end of ends) if (end.kind === 'interface') await end.interface.setCarrier(isUp);
    if (isUp) await setQemu();
    this.#isUp = isUp;
  }
}

/** What QEMU knows of an end, and by which name. */
function inQemu(end: LinkEnd): readonly { readonly qmp: QmpClient; readonly name: string }[] {
  if (end.kind === 'nic') return [{ qmp: end.machine.qmp, name: end.spec.id }];
  return end.port ? [{ qmp: end.port.machine.qmp, name: end.port.netdev }] : [];
}

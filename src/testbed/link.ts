// SPDX-License-Identifier: GPL-3.0-or-later
import { step } from '../core/step.ts';
import type { Capture } from '../capture/index.ts';
import type { Node } from '../network/index.ts';
import type { FilterPlace, NicModel } from '../qemu/index.ts';
import type { NicSpec } from '../topology/index.ts';
import { check } from './dut-options.ts';
import { flap } from './faults/flap.ts';
import { check as checkFault, type FlapOptions, type ImpairOptions } from './faults/impair-options.ts';
import { LinkFault } from './faults/link-fault.ts';

/** What a link is made of. */
export interface LinkParts {
  readonly name: string;
  readonly index: number;
  readonly nic: NicSpec;
  readonly model: NicModel;
  readonly node: Node;
  readonly capture: Capture;
  /** name of the device */
  readonly dut: string;
  readonly machine: FilterPlace;
}

/** A link: a NIC of the device, and the node at the other end. */
export class Link {
  /** `link0`, `link1`, … in the order of the NICs */
  readonly name: string;
  /** its place among the links of the testbed, from 0 */
  readonly index: number;
  readonly model: NicModel;
  /** hardware address of the NIC */
  readonly mac: string;
  readonly node: Node;
  readonly capture: Capture;
  readonly #machine: FilterPlace;
  readonly #nic: NicSpec;
  /** names of its ends, as in directions: `dut->node0` */
  readonly #ends: readonly [nic: string, far: string];
  readonly #faults = new Set<LinkFault>();
  #isUp = true;
  /** resolves when the last call of setUp has ended; never rejects */
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor({ name, index, nic, model, node, capture, dut, machine }: LinkParts) {
    this.name = name;
    this.index = index;
    this.model = model;
    this.mac = nic.mac;
    this.#nic = nic;
    this.#ends = [dut, node.name];
    this.node = node;
    this.capture = capture;
    this.#machine = machine;
  }

  /** whether the cable is plugged in */
  get isUp(): boolean {
    return this.#isUp;
  }

  /**
   * Plugs the cable in or unplugs it. Both ends gain or lose their carrier, and no frame passes while it is unplugged. Calls take
   * effect one after the other, in order.
   * @throws QmpError when QEMU refuses
   * @throws ExecError when the kernel refuses
   */
  async setUp(isUp: boolean): Promise<void> {
    check.setUp(arguments);
    const before = this.#lastChange;
    const change = step('alpy.qemu', `${isUp ? 'Plug in' : 'Unplug'} ${this.name}`, async () => {
      await before;
      const setNic = (): Promise<unknown> => this.#machine.qmp.execute('set_link', { name: this.#nic.id, up: isUp });
      // the guest's end comes up last and goes down first, so that the node is ready for whatever the guest sends
      if (!isUp) await setNic();
      await this.node.setCarrier(isUp);
      if (isUp) await setNic();
      this.#isUp = isUp;
    });
    this.#lastChange = change.catch(() => undefined); // the caller gets the error
    await change;
  }

  /**
   * Unplugs the cable until the result is disposed: `await using unplugged = await link.unplug()`. See {@link Link.setUp}.
   * @throws what {@link Link.setUp} throws
   */
  async unplug(): Promise<AsyncDisposable> {
    checkFault.unplug(arguments);
    await this.setUp(false);
    return { [Symbol.asyncDispose]: () => this.setUp(true) };
  }

  /**
   * Unplugs the cable and plugs it in again, several times. Afterwards it is plugged in, also if `signal` ends this early.
   * @throws the reason of `signal`, and what {@link Link.setUp} throws
   */
  async flap(options: FlapOptions): Promise<void> {
    checkFault.flap(arguments);
    await step('alpy.qemu', `Flap ${this.name} ${options.times} times`, () => flap((isUp) => this.setUp(isUp), options));
  }

  /**
   * Impairs the link until the result is disposed: `await using fault = await link.impair({ delayMs: 20, lossPercent: 1 })`. Frames
   * are delayed, lost, duplicated, corrupted, reordered or slowed down; with `lossPercent: 100`, all are lost while both ends keep
   * their carriers. Several impairments at the same time add up. The capture shows the frames as the device's NIC sends and gets them.
   * @throws UsageError if a value is out of range, the link has no such direction, or the options ask for nothing
   * @throws EnvironmentError if the program that does this cannot start in QEMU's container
   * @throws QmpError when QEMU refuses
   */
  async impair(options: ImpairOptions): Promise<LinkFault> {
    checkFault.impair(arguments);
    const place = { name: this.name, ends: this.#ends, netdev: this.#nic.netdev, machine: this.#machine };
    const fault = await LinkFault.start(place, options);
    this.#faults.add(fault);
    return fault;
  }

  /** The impairments that have not ended. @internal */
  get faults(): readonly LinkFault[] {
    return [...this.#faults].filter(({ isActive }) => isActive);
  }

  /** Why an impairment of it did not do what it should. @internal */
  get failure(): Error | undefined {
    return [...this.#faults].find(({ failure }) => failure)?.failure;
  }
}

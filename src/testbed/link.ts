// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import { step } from '../core/step.ts';
import type { Capture } from '../capture/index.ts';
import type { Node } from '../network/index.ts';
import type { NicModel, QmpClient } from '../qemu/index.ts';
import { Carriers } from './carriers.ts';
import { check } from './dut-options.ts';
import { flap } from './faults/flap.ts';
import { crossingsOf } from './faults/directions.ts';
import { check as checkFault, type FaultTimes, type FlapOptions, type ImpairOptions } from './faults/impair-options.ts';
import { LinkFault } from './faults/link-fault.ts';
import { TimedFault } from './faults/timed-fault.ts';
import type { InterfaceOfNode, JoinedEnds, LinkEnd, NicOfDevice } from './link-end.ts';

/** What a link is made of. */
export interface LinkParts extends JoinedEnds {
  readonly index: number;
  readonly capture: Capture;
}

/** A link: what joins two ends, each a NIC of a device or a node. A segment is a link with any number of ends. */
export class Link {
  /** as in the topology, such as `client--left:0`; `link0`, `link1`, … in the order of the NICs in its short form */
  readonly name: string;
  /** its place among the links of the testbed, from 0 */
  readonly index: number;
  /** in the order of the topology */
  readonly ends: readonly LinkEnd[];
  /** recorded by its first NIC: stops while the device of that NIC is paused, frozen or without power; never, if only nodes are joined */
  readonly capture: Capture;
  readonly #joined: JoinedEnds;
  readonly #carriers: Carriers;
  readonly #faults = new Set<LinkFault>();
  readonly #unpluggings = new Set<TimedFault>();
  #areFaultsCancelled = false;

  constructor({ index, capture, ...joined }: LinkParts) {
    this.name = joined.name;
    this.index = index;
    this.ends = joined.ends;
    this.capture = capture;
    this.#joined = joined;
    this.#carriers = new Carriers(joined);
  }

  /** whether its ends have carriers: the cable is plugged in, and both devices at a cable have power */
  get isUp(): boolean {
    return this.#carriers.isUp;
  }

  /** the model of its first NIC @throws UsageError for a link between nodes */
  get model(): NicModel {
    return this.#firstNic('model').model;
  }

  /** hardware address of its first NIC @throws UsageError for a link between nodes */
  get mac(): string {
    return this.#firstNic('mac').mac;
  }

  /** The node on it. @throws UsageError if no node or several are on it */
  get node(): Node {
    const [only, ...others] = this.#interfaces;
    if (only && others.length === 0) return only.node;
    throw new UsageError(
      `${this.name}.node: expected a link with one node, got one between ${this.#endNames}. Use nodes, or the ends of the link`,
    );
  }

  /**
   * Plugs the cable in or unplugs it. All ends gain or lose their carrier, and no frame passes while it is unplugged. Calls take
   * effect one after the other, in order.
   * @throws QmpError when QEMU refuses
   * @throws ExecError when the kernel refuses
   */
  async setUp(isUp: boolean): Promise<void> {
    check.setUp(arguments);
    await this.#carriers.plug(isUp);
  }

  /** Takes the carrier from a device without power, or gives it back; see {@link Carriers.setPowered}. @internal */
  async setPowered(device: QmpClient, isOn: boolean): Promise<void> {
    await this.#carriers.setPowered(device, isOn);
  }

  /**
   * Unplugs the cable until the result is disposed: `await using unplugged = await link.unplug()`. With `durationMs`, it is plugged in
   * again by itself; with `afterMs`, it is unplugged later. One that is unplugged otherwise, too, stays so; `setUp(true)` plugs it in at once.
   * @throws what {@link Link.setUp} throws
   */
  async unplug(options: FaultTimes = {}): Promise<TimedFault> {
    checkFault.unplug(arguments);
    const key = {};
    const unplugging = await TimedFault.start(options, performance.now(), {
      begin: () => this.#carriers.unplug(key, { durationMs: options.durationMs }),
      end: () => this.#carriers.release(key),
    });
    this.#unpluggings.add(unplugging);
    if (this.#areFaultsCancelled) unplugging.cancel();
    return unplugging;
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
   * their carriers. Several impairments at the same time add up. The capture shows the frames as the device's NIC sends and receives them;
   * that of a link between two nodes, as the first node does, unless the second has an uplink.
   * @throws UsageError if a value is out of range, the link has no such direction, or the options ask for nothing
   * @throws EnvironmentError if the program that does this cannot start in QEMU's container
   * @throws QmpError when QEMU refuses
   */
  async impair(options: ImpairOptions): Promise<LinkFault> {
    checkFault.impair(arguments);
    const fault = await LinkFault.start(this.name, crossingsOf(this.#joined), options);
    this.#faults.add(fault);
    if (this.#areFaultsCancelled) fault.cancel();
    return fault;
  }

  /** The impairments that have not ended. @internal */
  get faults(): readonly LinkFault[] {
    return [...this.#faults].filter(({ isActive }) => isActive);
  }

  /** Why one of its faults has failed, if one has. @internal */
  get failure(): Error | undefined {
    return [...this.#faults, ...this.#unpluggings].find(({ failure }) => failure)?.failure;
  }

  /** Cancels what is scheduled, because the testbed ends: also for a fault that the test has just begun without waiting for it. @internal */
  cancelFaults(): void {
    this.#areFaultsCancelled = true;
    for (const fault of [...this.#faults, ...this.#unpluggings]) fault.cancel();
  }

  get #nics(): readonly NicOfDevice[] {
    return this.ends.filter((end) => end.kind === 'nic');
  }

  get #interfaces(): readonly InterfaceOfNode[] {
    return this.ends.filter((end) => end.kind === 'interface');
  }

  #firstNic(key: string): NicOfDevice {
    const [first] = this.#nics;
    if (first) return first;
    throw new UsageError(`${this.name}.${key}: expected a link with a device, got one between ${this.#endNames}`);
  }

  get #endNames(): string {
    return this.ends.map(({ name }) => name).join(', ');
  }
}

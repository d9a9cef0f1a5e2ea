// SPDX-License-Identifier: GPL-3.0-or-later
import { step } from '../core/step.ts';
import type { Capture } from '../capture/index.ts';
import type { Node } from '../network/index.ts';
import type { NicModel, QmpClient } from '../qemu/index.ts';
import type { NicSpec } from '../topology/index.ts';
import { check } from './dut-options.ts';

/** What a link is made of. */
export interface LinkParts {
  readonly name: string;
  readonly index: number;
  readonly nic: NicSpec;
  readonly model: NicModel;
  readonly node: Node;
  readonly capture: Capture;
  readonly qmp: QmpClient;
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
  readonly #qmp: QmpClient;
  /** identifier of the NIC in QEMU */
  readonly #nicId: string;
  /** resolves when the last call of setUp has ended; never rejects */
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor({ name, index, nic, model, node, capture, qmp }: LinkParts) {
    this.name = name;
    this.index = index;
    this.model = model;
    this.mac = nic.mac;
    this.#nicId = nic.id;
    this.node = node;
    this.capture = capture;
    this.#qmp = qmp;
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
      const setNic = (): Promise<unknown> => this.#qmp.execute('set_link', { name: this.#nicId, up: isUp });
      // the guest's end comes up last and goes down first, so that the node is ready for whatever the guest sends
      if (!isUp) await setNic();
      await this.node.setCarrier(isUp);
      if (isUp) await setNic();
    });
    this.#lastChange = change.catch(() => undefined); // the caller gets the error
    await change;
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { step } from '../core/step.ts';
import type { Capture } from '../capture/index.ts';
import type { Node } from '../network/index.ts';
import type { NicModel, QmpClient } from '../qemu/index.ts';

/** One NIC of the device and the node at its other end. */
export class Link {
  /** `link0`, `link1`, … in the order of the NICs */
  readonly name: string;
  readonly index: number;
  readonly model: NicModel;
  /** hardware address of the NIC */
  readonly mac: string;
  readonly node: Node;
  readonly capture: Capture;
  readonly #qmp: QmpClient;
  /** settles when nothing is being plugged or pulled; never fails */
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(index: number, model: NicModel, mac: string, node: Node, capture: Capture, qmp: QmpClient) {
    this.name = `link${index}`;
    this.index = index;
    this.model = model;
    this.mac = mac;
    this.node = node;
    this.capture = capture;
    this.#qmp = qmp;
  }

  /**
   * Plugs the cable in, or pulls it: both ends gain or lose their carrier, and no frame passes while it is unplugged. Calls
   * take effect one after the other, in their order.
   * @throws QmpError when QEMU refuses
   * @throws ExecError when the kernel refuses
   */
  async setUp(isUp: boolean): Promise<void> {
    const before = this.#lastChange;
    const change = step('alpy.qemu', `${isUp ? 'Plug in' : 'Unplug'} ${this.name}`, async () => {
      await before;
      const setNic = (): Promise<unknown> => this.#qmp.execute('set_link', { name: `nic${this.index}`, up: isUp });
      // the guest's end is the last to come up and the first to go down: what it sends at once finds the node ready
      if (!isUp) await setNic();
      await this.node.setCarrier(isUp);
      if (isUp) await setNic();
    });
    this.#lastChange = change.catch(() => undefined); // its caller hears of it
    await change;
  }
}

/** Hardware address of a NIC: QEMU's prefix, and the same in each testbed, since none ever sees another's link. */
export function nicMac(index: number): string {
  return `52:54:00:a1:00:${index.toString(16).padStart(2, '0')}`;
}

/** Hardware address of a node's interface: locally administered. */
export function nodeMac(index: number): string {
  return `02:00:00:a1:00:${index.toString(16).padStart(2, '0')}`;
}

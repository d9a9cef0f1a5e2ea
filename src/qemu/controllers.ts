// SPDX-License-Identifier: GPL-3.0-or-later

import { virtioDevice, type MachineType } from './machine-type.ts';

/** Gives drives their places on the controllers of a machine, which are added when they are first needed. */
export class Controllers {
  readonly #machine: MachineType;
  readonly #used = new Map<string, number>();

  constructor(machine: MachineType) {
    this.#machine = machine;
  }

  /** the model of virtio disks */
  get virtioDisk(): string {
    return virtioDevice(this.#machine, 'blk');
  }

  /** the bus of CDs */
  get cdromBus(): 'ide' | 'ahci' | 'scsi' {
    return this.#machine === 'q35' ? 'ahci' : this.#machine === 'pc' ? 'ide' : 'scsi';
  }

  /** Returns the arguments that add the controller, and the options for the next place on it. */
  next(bus: 'ahci' | 'ide' | 'scsi'): readonly [controller: readonly string[], place: string] {
    const hasAhci = this.#machine === 'q35'; // its ports are also the only ones for `ide`
    const name = hasAhci && bus === 'ide' ? 'ahci' : bus;
    const index = this.#used.get(name) ?? 0;
    this.#used.set(name, index + 1);
    const isFirst = index === 0;
    if (bus === 'scsi') return [isFirst ? ['-device', 'virtio-scsi-pci,id=scsi0'] : [], 'bus=scsi0.0'];
    if (hasAhci) return [[], `bus=ide.${index}`];
    if (bus === 'ahci') return [isFirst ? ['-device', 'ahci,id=ahci0'] : [], `bus=ahci0.${index}`];
    return [[], `bus=ide.${Math.floor(index / 2)}${index === 0 ? '' : `,unit=${index % 2}`}`];
  }
}

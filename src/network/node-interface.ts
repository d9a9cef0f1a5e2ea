// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { EnvironmentError } from '../core/errors.ts';
import { log, step } from '../core/step.ts';
import { ExecError } from '../docker/index.ts';
import type { InterfaceConfig, InterfaceSpec } from '../topology/index.ts';
import { printAddresses, printedAddresses } from './address.ts';
import { configureInterface } from './configure.ts';
import { parseCounters, type Counters } from './counters.ts';
import type { InterfacePlace } from './interface-place.ts';
import { ipBatch } from './batch.ts';
import { interfaceCheck } from './node-options.ts';

/** Turns the carrier of an interface on or off from its other end. */
export type SetCarrier = (isOn: boolean, wait: Partial<Wait>) => Promise<void>;

/** A network interface of a node. */
export class NodeInterface {
  /** as in the node's namespace: `eth0`, `eth1`, … in the order of the node's links */
  readonly name: string;
  /** hardware address that it starts with */
  readonly mac: string;
  readonly #place: InterfacePlace;
  #setCarrier: SetCarrier | undefined;

  constructor({ name, mac }: InterfaceSpec, place: InterfacePlace) {
    this.name = name;
    this.mac = mac;
    this.#place = place;
  }

  /**
   * Replaces its addresses, routes and VLANs, and its MTU and MAC address if they are given.
   * @throws UsageError if one is malformed or contradicts another one, before anything changes
   * @throws ExecError if the kernel refuses one, such as a gateway that no address can reach; this is never the device's fault
   * @throws EnvironmentError if the interface is gone, or has something else afterwards
   */
  async configure(config: InterfaceConfig, wait: Partial<Wait> = {}): Promise<void> {
    interfaceCheck.configure(arguments);
    await step('alpy.network', `Configure ${this.name} of ${this.#place.node}`, () => this.apply(config, wait));
  }

  /** Does what {@link NodeInterface.configure} does, without a step. @internal */
  async apply(config: InterfaceConfig, wait: Partial<Wait>): Promise<void> {
    try {
      await configureInterface({ ...this.#place, device: this.name }, config, wait);
    } catch (error) {
      if (error instanceof ExecError) await this.assertExists(wait);
      throw error;
    }
  }

  /** The kernel's counters. @throws ExecError if it does not exist */
  async counters(wait: Partial<Wait> = {}): Promise<Counters> {
    interfaceCheck.counters(arguments);
    return parseCounters(await this.#place.shell(`ip -j -s link show dev ${this.name}`, wait));
  }

  /**
   * Asserts that it exists. Without it, nothing that the node sees or does not see says anything about the device.
   * @throws EnvironmentError if it is gone
   * @internal
   */
  async assertExists(wait: Partial<Wait> = {}): Promise<void> {
    if ((await this.#place.shell(`[ -e /sys/class/net/${this.name} ] || echo gone`, wait)) === '') return;
    throw new EnvironmentError(
      `${this.#place.node}: expected the interface ${this.name}, got none. If the test did not remove or rename it, another program on this machine did: find out which`,
    );
  }

  /** Its addresses with their prefix lengths, without those of links. For alpy itself. @internal */
  async addresses(wait: Partial<Wait> = {}): Promise<readonly string[]> {
    return printedAddresses(await this.#place.shell(printAddresses(this.name), wait));
  }

  /**
   * Brings it up.
   * @param setCarrier - for an interface that is no tap, whose carrier depends on its other end
   * @throws ExecError if it was not moved to the node
   * @internal
   */
  async bringUp(wait: Partial<Wait>, setCarrier?: SetCarrier): Promise<void> {
    await this.#place.shell(ipBatch(['link set lo up', `link set ${this.name} up`]), wait);
    this.#setCarrier = setCarrier;
  }

  /**
   * Turns its carrier on or off. Addresses and routes stay. Does nothing on kernels older than 5.0.
   * @throws ExecError when the kernel refuses
   */
  async setCarrier(isOn: boolean, wait: Partial<Wait> = {}): Promise<void> {
    interfaceCheck.setCarrier(arguments);
    if (this.#setCarrier) return this.#setCarrier(isOn, wait);
    try {
      await this.#place.shell(`ip link set ${this.name} carrier ${isOn ? 'on' : 'off'}`, wait);
    } catch (error) {
      if (!(error instanceof ExecError && error.stderr.includes('not supported'))) throw error;
      log('alpy.network', `${this.#place.node} keeps its carrier: changing that of a tap needs Linux 5.0 or newer`);
    }
  }
}

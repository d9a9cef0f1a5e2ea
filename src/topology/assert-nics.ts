// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import type { NicsOfAppliance } from './raw-topology.ts';
import type { Topology } from './topology.ts';

/** An igb needs a PCIe port. With QEMU 10.0, a machine boots with up to 14 ports and bridges; that leaves two for `qemuArgs`. */
const mostIgbs = 12;

/**
 * Asserts that an appliance and its links go together. Pure.
 * @throws UsageError if the appliance describes a NIC without a link, or a machine cannot have its NICs or boot from them
 */
export function assertNicsFit(links: number, { nic, nics = [], machine, boot, kernel }: NicsOfAppliance): void {
  if (nics.length > links) {
    const most = links === 0 ? 'none, because topology.links is 0' : `at most ${links}, as many as topology.links`;
    const remedy = `Remove ${nics.length - links} from the list, or set topology.links to ${nics.length}`;
    throw new UsageError(`appliance.nics: expected ${most}, got ${nics.length}. ${remedy}`);
  }
  if (boot === 'network' && links === 0)
    throw new UsageError('appliance.boot: expected a link to boot from, got topology.links: 0. Set topology.links to 1 or more');
  const models = Array.from({ length: links }, (_, index) => nics[index]?.model ?? nic);
  assertIgbsFit(models, machine);
  if (boot === 'network' && kernel !== undefined)
    throw new UsageError(
      'appliance.boot: expected either network or a kernel, which QEMU boots itself, got both. Remove one of them',
    );
  if (boot === 'network' && models.every((model, index) => model === 'igb' && nics[index]?.rom === undefined))
    throw new UsageError(
      'appliance.boot: expected a NIC that has a boot ROM, got only igb, for which QEMU has none. Set the first entry of appliance.nics to another model, such as e1000e, or name a file in its rom',
    );
}

function assertIgbsFit(models: readonly (string | undefined)[], machine: string | undefined): void {
  const igbs = models.flatMap((model, index) => (model === 'igb' ? [index] : []));
  if (igbs.length === 0) return;
  if (machine === 'pc')
    throw new UsageError(
      'appliance.machine: expected q35, because igb is a PCIe device, got pc. Set machine to q35, or choose another NIC',
    );
  if (igbs.length > mostIgbs)
    throw new UsageError(
      `appliance.nics: expected at most ${mostIgbs} NICs of the model igb, because each needs a PCIe port, got ${igbs.length}. Choose another model, such as e1000e, for the others`,
    );
  const last = igbs.at(-1) ?? 0;
  if (models.length > 15 && last >= 14)
    throw new UsageError(
      `appliance.nics: expected igb only for the first 14 of ${models.length} links, because the others are behind a PCI bridge, got it for link${last}. Choose another model, such as e1000e, for it`,
    );
}

/**
 * @param nicText - how messages call a NIC
 * @throws UsageError if two interfaces of a topology have the same MAC address
 */
export function assertMacsDiffer({ duts, nodes }: Topology, nicText: (dut: string, number: number) => string): void {
  const owners = new Map<string, string>();
  const all = [
    ...nodes.flatMap(({ name, interfaces }) => interfaces.map(({ mac }) => ({ owner: name, mac }))),
    ...duts.flatMap(({ name, nics }) => nics.map(({ mac }, number) => ({ owner: nicText(name, number), mac }))),
  ];
  for (const { owner, mac } of all) {
    const other = owners.get(mac);
    if (other !== undefined)
      throw new UsageError(
        `${owner}.mac: expected an address that no other interface has, got ${mac}, which ${other} has too. Change one of them`,
      );
    owners.set(mac, owner);
  }
}

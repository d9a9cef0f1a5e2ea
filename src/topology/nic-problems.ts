// SPDX-License-Identifier: GPL-3.0-or-later
import type { NicsOfAppliance } from './raw-topology.ts';

/** An igb needs a PCIe port. With QEMU 10.0, a machine boots with up to 14 ports and bridges; that leaves two for `qemuArgs`. */
const mostIgbs = 12;

/**
 * Finds NICs of an appliance that do not go together with the links of a device. Each problem begins with the key of the appliance,
 * and says what was expected, what was found, and what to do. Pure.
 * @param count - how many NICs the device has
 * @param dut - name of the device; absent for the short form
 */
export function nicProblems(count: number, appliance: NicsOfAppliance, dut?: string): readonly string[] {
  const { nic, nics = [], machine, boot, kernel } = appliance;
  const models = Array.from({ length: count }, (_, index) => nics[index]?.model ?? nic);
  return [
    ...(nics.length > count ? [tooManyNics(count, nics.length, dut)] : []),
    ...(boot === 'network' && count === 0 ? [`boot: ${withoutLink(dut)}`] : []),
    ...igbProblems(models, machine, dut),
    ...(boot === 'network' && kernel !== undefined
      ? ['boot: expected either network or a kernel, which QEMU boots itself, got both. Remove one of them']
      : []),
    ...(boot === 'network' && count > 0 && models.every((model, index) => model === 'igb' && nics[index]?.rom === undefined)
      ? [
          'boot: expected a NIC that has a boot ROM, got only igb, for which QEMU has none. Set the first entry of appliance.nics to another model, such as e1000e, or name a file in its rom',
        ]
      : []),
  ].map((problem) => `appliance.${problem}`);
}

function tooManyNics(count: number, described: number, dut: string | undefined): string {
  const excess = `Remove ${described - count} from the list`;
  if (dut !== undefined) {
    const most = count === 0 ? `none, because nothing is connected to ${dut}` : `at most ${count}, as many as ${dut} has`;
    return `nics: expected ${most}, got ${described}. ${excess}, or connect ${dut}:${count} in topology.links`;
  }
  const most = count === 0 ? 'none, because topology.links is 0' : `at most ${count}, as many as topology.links`;
  return `nics: expected ${most}, got ${described}. ${excess}, or set topology.links to ${described}`;
}

function withoutLink(dut: string | undefined): string {
  return dut === undefined
    ? 'expected a link to boot from, got topology.links: 0. Set topology.links to 1 or more'
    : `expected a link to boot from, but nothing is connected to ${dut}. Connect ${dut}:0 in topology.links`;
}

function igbProblems(
  models: readonly (string | undefined)[],
  machine: string | undefined,
  dut: string | undefined,
): readonly string[] {
  const igbs = models.flatMap((model, index) => (model === 'igb' ? [index] : []));
  if (igbs.length === 0) return [];
  if (machine === 'pc')
    return ['machine: expected q35, because igb is a PCIe device, got pc. Set machine to q35, or choose another NIC'];
  if (igbs.length > mostIgbs)
    return [
      `nics: expected at most ${mostIgbs} NICs of the model igb, because each needs a PCIe port, got ${igbs.length}. Choose another model, such as e1000e, for the others`,
    ];
  const last = igbs.at(-1) ?? 0;
  if (models.length > 15 && last >= 14)
    return [
      `nics: expected igb only for the first 14 of ${models.length} links, because the others are behind a PCI bridge, got it for ${dut === undefined ? `link${last}` : `${dut}:${last}`}. Choose another model, such as e1000e, for it`,
    ];
  return [];
}

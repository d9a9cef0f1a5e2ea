// SPDX-License-Identifier: GPL-3.0-or-later
import { bridgeSlot, type NicSpec } from '../topology/index.ts';
import { escapeCommas } from '../core/qemu-arguments.ts';
import type { FilePlaces } from './appliance-files.ts';
import { virtioDevice, type MachineType } from './machine-type.ts';

/** Models of a NIC. */
export type NicModel = 'virtio-net-pci' | 'e1000' | 'e1000e' | 'igb' | 'vmxnet3' | 'rtl8139' | 'pcnet' | 'ne2k_pci' | 'i82551';

/** A NIC of a machine. */
export interface MachineNic extends NicSpec {
  readonly model: NicModel;
  /** file with its boot ROM; default: that of QEMU if the firmware boots from the NICs, else none */
  readonly rom?: string | undefined;
}

/** How NICs are attached. */
export interface NicOptions {
  /** whether the firmware boots from the NICs, by the ROM of each */
  readonly isBooted: boolean;
  /** `bootindex` of the first NIC */
  readonly firstBootIndex: number;
  /** path of a NIC's pcap, by the name that the topology gives it */
  readonly capture: (file: string) => string;
  readonly placeOf: FilePlaces;
  readonly machine: MachineType;
}

/**
 * A snapshot is restored with `announce-rounds` 0. QEMU 10.0 then crashes when the guest resets a virtio NIC that may announce its
 * guest, as every reboot does: the timer of the announcements no longer exists.
 */
const modelOptions: Partial<Record<NicModel, string>> = { 'virtio-net-pci': ',guest_announce=off' };

/** The bus behind the PCI bridge. */
const bridgeBus = 'nics';

/** Arguments of QEMU for NICs, their backends and captures, in the order in which the guest finds them. Pure. */
export function nicArguments(nics: readonly MachineNic[], options: NicOptions): readonly string[] {
  const hasBridge = nics.some(({ pciBus }) => pciBus === 'bridge') && options.machine !== 'microvm';
  return [
    ...(hasBridge ? ['-device', `pci-bridge,id=${bridgeBus},chassis_nr=1,${address(bridgeSlot)}`] : []),
    ...nics.flatMap((nic, index) => [
      ...backend(nic, options),
      ...(options.machine === 'microvm' ? microvmNic(nic, nics.length - 1 - index) : pciNic(nic, index, options)),
    ]),
  ];
}

function backend({ netdev, tap, capture }: MachineNic, options: NicOptions): readonly string[] {
  return [
    // vnet_hdr=off: else QEMU before 8.1 writes the virtio header into the capture; vhost=off: it would bypass the capture
    ...['-netdev', `tap,id=${netdev},ifname=${tap},script=no,downscript=no,vhost=off,vnet_hdr=off`],
    ...(capture
      ? ['-object', `filter-dump,id=${capture.id},netdev=${netdev},file=${escapeCommas(options.capture(capture.file))}`]
      : []),
  ];
}

/** @param place - its place among those for virtio devices. The ACPI tables list the last place first, and so Linux finds it first. */
function microvmNic({ id, netdev, mac }: MachineNic, place: number): readonly string[] {
  const device = virtioDevice('microvm', 'net');
  return ['-device', `${device},guest_announce=off,id=${id},netdev=${netdev},mac=${mac},bus=virtio-mmio-bus.${place}`];
}

function pciNic(nic: MachineNic, index: number, options: NicOptions): readonly string[] {
  const { id, netdev, mac, model } = nic;
  const { port, place } = placeOf(nic, index);
  const device = `${model}${modelOptions[model] ?? ''},id=${id},netdev=${netdev},mac=${mac},${place}`;
  return [...port, '-device', `${device}${bootOptions(nic, index, options)}`];
}

function bootOptions({ rom }: MachineNic, index: number, { isBooted, firstBootIndex, placeOf }: NicOptions): string {
  const bootIndex = isBooted ? `,bootindex=${firstBootIndex + index}` : '';
  if (rom !== undefined) return `,romfile=${escapeCommas(placeOf(rom))}${bootIndex}`;
  // romfile=: no network boot, which would only delay the boot from disk
  return isBooted ? bootIndex : ',romfile=';
}

/** The place of a NIC, and the port that it needs there. */
function placeOf({ id, model, pciBus, pciSlot }: MachineNic, index: number): { port: readonly string[]; place: string } {
  if (pciBus === 'bridge') return { port: [], place: `bus=${bridgeBus},${address(pciSlot)}` };
  if (model !== 'igb') return { port: [], place: address(pciSlot) };
  // the virtual functions of an igb need the upper half of the numbers of a bus, so it has one to itself
  const port = `${id}-port`;
  return { port: ['-device', `pcie-root-port,id=${port},chassis=${index + 1},${address(pciSlot)}`], place: `bus=${port}` };
}

function address(slot: number): string {
  return `addr=0x${slot.toString(16)}`;
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { nicArguments, type NicModel } from '../../../src/qemu/nic-arguments.ts';
import { resolveTopology } from '../../../src/topology/index.ts';

/** The arguments of `links` NICs of one model, or of another at single places; without backends and captures. */
function devices(links: number, model: NicModel, others: Readonly<Record<number, NicModel>> = {}): readonly string[] {
  const { nics } = resolveTopology({ links }).duts[0];
  const all = nics.map((nic, index) => ({ ...nic, model: others[index] ?? model }));
  const options = {
    machine: 'q35' as const,
    isBooted: false,
    firstBootIndex: 1,
    capture: (file: string): string => `/run/${file}`,
    placeOf: (path: string): string => path,
  };
  return nicArguments(all, options).flatMap((word, index, words) => (words[index - 1] === '-device' ? [word] : []));
}

test('NICs of several models are in the order of the links', () => {
  expect(devices(4, 'virtio-net-pci', { 1: 'e1000', 3: 'pcnet' })).toEqual([
    'virtio-net-pci,guest_announce=off,id=nic0,netdev=net0,mac=52:54:00:a1:00:00,addr=0x10,romfile=',
    'e1000,id=nic1,netdev=net1,mac=52:54:00:a1:00:01,addr=0x11,romfile=',
    'virtio-net-pci,guest_announce=off,id=nic2,netdev=net2,mac=52:54:00:a1:00:02,addr=0x12,romfile=',
    'pcnet,id=nic3,netdev=net3,mac=52:54:00:a1:00:03,addr=0x13,romfile=',
  ]);
});

test('an igb has a PCIe port in its slot', () => {
  expect(devices(2, 'e1000e', { 1: 'igb' })).toEqual([
    'e1000e,id=nic0,netdev=net0,mac=52:54:00:a1:00:00,addr=0x10,romfile=',
    'pcie-root-port,id=nic1-port,chassis=2,addr=0x11',
    'igb,id=nic1,netdev=net1,mac=52:54:00:a1:00:01,bus=nic1-port,romfile=',
  ]);
});

test('of more than 15 NICs, those from the 15th on are behind a bridge', () => {
  const all = devices(16, 'e1000');
  expect(all[0]).toBe('pci-bridge,id=nics,chassis_nr=1,addr=0x1e');
  expect(all.slice(-3)).toEqual([
    'e1000,id=nic13,netdev=net13,mac=52:54:00:a1:00:0d,addr=0x1d,romfile=',
    'e1000,id=nic14,netdev=net14,mac=52:54:00:a1:00:0e,bus=nics,addr=0x1,romfile=',
    'e1000,id=nic15,netdev=net15,mac=52:54:00:a1:00:0f,bus=nics,addr=0x2,romfile=',
  ]);
  expect(devices(15, 'e1000').join(' ')).not.toContain('bridge');
});

test('a NIC has the ROM of its file, and is booted only if the firmware boots from the network', () => {
  const [nic] = resolveTopology({ links: 1 }).duts[0].nics;
  const device = (rom: string | undefined, isBooted: boolean): string | undefined =>
    nicArguments([{ ...nic!, model: 'e1000', rom }], {
      machine: 'q35',
      isBooted,
      firstBootIndex: 1,
      capture: (file) => file,
      placeOf: (path) => `/alpy${path}`,
    })
      .at(-1)
      ?.replace(/.*addr=0x10/, '');
  expect(device(undefined, false)).toBe(',romfile=');
  expect(device(undefined, true)).toBe(',bootindex=1');
  expect(device('/a,b.rom', false)).toBe(',romfile=/alpy/a,,b.rom');
  expect(device('/a,b.rom', true)).toBe(',romfile=/alpy/a,,b.rom,bootindex=1');
});

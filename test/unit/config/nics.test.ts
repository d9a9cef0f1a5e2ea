// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/errors.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';

/** What is wrong with the NICs of an appliance that has two links. */
function problems(appliance: object, links = 2): readonly string[] {
  const raw = { appliance: { image: 'disk.qcow2', ...appliance }, topology: { links } };
  try {
    resolveConfig({ file: '/project/alpy.yaml', raw, directory: '/project' });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const mac = (address: unknown): object => ({ nics: [{ mac: address }] });

test.each<[string, object, string]>([
  [
    'an unknown model',
    { nic: 'ne2000' },
    'appliance.nic: expected one of virtio-net-pci, e1000, e1000e, igb, vmxnet3, rtl8139, pcnet, ne2k_pci, i82551, got "ne2000"',
  ],
  [
    'an unknown model of one NIC',
    { nics: [{}, { model: 'virtio' }] },
    'appliance.nics.1.model: expected one of virtio-net-pci, e1000, e1000e, igb, vmxnet3, rtl8139, pcnet, ne2k_pci, i82551, got "virtio"',
  ],
  ['a key that no NIC has', { nics: [{ bus: 1 }] }, 'appliance.nics.0.bus: unknown key. Expected one of model, mac, rom'],
  ['a number instead of a list', { nics: 2 }, 'appliance.nics: expected a list, got the number 2. Write it as a list: [VALUE]'],
  [
    'text that is no MAC address',
    mac('52:54:00'),
    'appliance.nics.0.mac: expected six bytes such as 52:54:00:12:34:56, got "52:54:00"',
  ],
  [
    'a MAC address of a group',
    mac('01:00:5e:00:00:01'),
    'appliance.nics.0.mac: expected a MAC address of one NIC, not of a group: change its first byte to an even number, such as 52, got "01:00:5e:00:00:01"',
  ],
  [
    'a MAC address of zeros',
    mac('00:00:00:00:00:00'),
    'appliance.nics.0.mac: expected a MAC address other than 0: leave it out for the default, got "00:00:00:00:00:00"',
  ],
  ['another kind of boot', { boot: 'cd' }, 'appliance.boot: expected one of disk, network, got "cd"'],
])('%s: refused, with what to do', (_, appliance, message) => {
  expect(problems(appliance)).toEqual([message]);
});

test('an appliance and a topology that do not go together are refused when the configuration is loaded', () => {
  expect(problems({ nics: [{}, {}, {}] })).toHaveLength(1);
  expect(problems({ boot: 'network' }, 0)).toEqual([
    'appliance.boot: expected a link to boot from, got topology.links: 0. Set topology.links to 1 or more',
  ]);
  expect(problems({ nics: [{ model: 'igb', mac: '00:1B:21:AA:00:01' }, {}], boot: 'network' })).toEqual([]);
});
